import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, newDatabase } from '../../test/client.ts';
import { startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import type { VolumeRef } from '../dataplane/contract/refs.ts';
import { uuidv7 } from '../lib/ids.ts';
import { createLog } from '../lib/log.ts';
import { runOnce } from '../reconcilers/reconcilers.ts';
import { getInstance } from './store.ts';
import { volumeReconciler } from './volume-reconciler.ts';
import { volumeOf, volumeRef } from './volumes.ts';

describe('leftover volumes', () => {
  let test: TestApp;
  let call: Call;
  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
  });
  after(() => test.close());

  const isThere = async (ref: VolumeRef) => (await test.plane.describeVolume(ref)) !== null;
  async function running(): Promise<{ id: string; volume: VolumeRef }> {
    const created = await call('POST', '/database', newDatabase());
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const { id } = created.body.instance;
    await waitFor(
      'running',
      async () => (await call('GET', `/database/${id}`)).body.instance.status === 'running',
    );
    return { id, volume: volumeOf(await getInstance(test.database.db, id)) };
  }

  it('are removed where their row is gone, and kept where the database never knew them', async () => {
    const [{ volume: kept }, { id, volume: gone }] = [await running(), await running()];
    const unknown = volumeRef(test.team.teamId, uuidv7());
    await call('POST', `/database/${id}/force-stop`);
    await call('DELETE', `/database/${id}`);
    await waitFor('404', async () => (await call('GET', `/database/${id}`)).status === 404);
    assert.equal(await isThere(gone), false);
    for (const ref of [gone, unknown]) await test.plane.ensureVolume({ ref, sizeGb: 1 });
    const reconciler = volumeReconciler(test.database, test.plane, createLog('silent'));
    await waitFor('a pass', () => runOnce(test.database, reconciler));
    assert.deepEqual(await Promise.all([kept, gone, unknown].map(isThere)), [true, false, true]);
  });
});
