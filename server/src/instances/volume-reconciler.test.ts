import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, newDatabase } from '../../test/client.ts';
import { startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { uuidv7 } from '../lib/ids.ts';
import { createLog } from '../lib/log.ts';
import { runOnce } from '../reconcilers/reconcilers.ts';
import { volumeReconciler } from './volume-reconciler.ts';
import { volumeOf } from './volumes.ts';

describe('volumes that are left over', () => {
  let test: TestApp;
  let call: Call;
  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
  });
  after(() => test.close());

  const volume = (id: string) => volumeOf({ teamId: test.team.teamId, name: `database-${id}` });
  const isThere = async (id: string) => (await test.plane.describeVolume(volume(id))) !== null;
  async function running(): Promise<string> {
    const created = await call('POST', '/database', newDatabase());
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const { id } = created.body.instance;
    await waitFor(
      'running',
      async () => (await call('GET', `/database/${id}`)).body.instance.status === 'running',
    );
    return id;
  }

  it('are removed where their row is gone, and left where the database never heard of them', async () => {
    const [kept, gone, unknown] = [await running(), await running(), uuidv7()];
    await call('POST', `/database/${gone}/force-stop`);
    await call('DELETE', `/database/${gone}`);
    await waitFor('404', async () => (await call('GET', `/database/${gone}`)).status === 404);
    assert.equal(await isThere(gone), false);
    for (const id of [gone, unknown]) await test.plane.ensureVolume({ ref: volume(id), sizeGb: 1 });
    const reconciler = volumeReconciler(test.database, test.plane, createLog('silent'));
    await waitFor('a pass', () => runOnce(test.database, reconciler));
    assert.deepEqual(await Promise.all([kept, gone, unknown].map((id) => isThere(id))), [true, false, true]);
  });
});
