import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newDatabase } from '../../client.ts';
import { findInconsistencies } from '../../faults.ts';
import { waitFor } from '../../harness.ts';
import { killIncus } from '../kill-incus.ts';
import { SnapshotWorld } from '../snapshot-world.ts';
import { openAccounts, Transfers } from '../transfers.ts';

describe('snapshots on Incus while something is killed', { timeout: 2_400_000 }, () => {
  let world: SnapshotWorld;
  let original: string;
  let acknowledged: number[];
  let ready: number;

  before(async () => {
    world = await SnapshotWorld.open();
    original = await world.create('database', newDatabase({ name: 'killed', version: null }));
    const its = await world.login('database', original);
    await openAccounts(its);
    const transfers = new Transfers(its);
    await waitFor('transfers', async () => transfers.acknowledged().every((count) => count > 50));
    await transfers.stop();
    acknowledged = transfers.acknowledged();
    ready = await world.snapshot('database', original, 'ready');
  });
  after(() => world?.close());

  const KILLS: [name: string, kill: () => Promise<void>][] = [
    ['the control plane', () => world.killServer()],
    ['Incus', killIncus],
  ];
  for (const [name, kill] of KILLS) {
    it(`${name}: a snapshot, a restore and a clone finish`, async () => {
      const begun = await world.call('POST', '/snapshots/database', {
        database_instance_id: original,
        name: `killed ${name}`,
      });
      await kill();
      await world.snapshotIs('database', begun.body.snapshot.id, 'ready');

      await world.call('POST', `/snapshots/database/${begun.body.snapshot.id}/restore`);
      await waitFor('the work', async () => (await world.status('database', original)) === 'restoring');
      await kill();
      await world.settled('database', original, 'running');
      await world.assertWhole(
        await world.login('database', original),
        acknowledged,
        `${name} killed, restore`,
      );

      const body = { name: 'copy', source_type: 'volume_snapshot' };
      const cloned = await world.call('POST', `/snapshots/database/${ready}/clone`, body);
      const { id } = cloned.body.instance;
      await waitFor('the work', async () => (await world.status('database', id)) === 'provisioning');
      await kill();
      await world.settled('database', id, 'running');
      await world.assertWhole(await world.login('database', id), acknowledged, `${name} killed, clone`);
      await world.remove('database', id);
      assert.deepEqual(await findInconsistencies(world.test.database, world.plane), []);
    });
  }
});
