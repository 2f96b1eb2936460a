import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eachWithCapacity, GIB, pico, refused } from '../../test/capacity-world.ts';
import { newDatabase, takeSnapshot } from '../../test/client.ts';
import { waitFor } from '../../test/harness.ts';
import { createLog } from '../lib/log.ts';
import { runOnce } from '../reconcilers/reconcilers.ts';
import { restoreDrills } from '../resources/snapshots/schedule.ts';

const log = createLog('silent');

describe('capacity', () => {
  const world = eachWithCapacity();
  const { call, host, quota, ended, create } = world;
  const remove = async (id: string) => {
    await ended(await call('POST', `/vps/${id}/stop`));
    await ended(await call('DELETE', `/vps/${id}`));
  };

  /** Has the next call of the verb wait for `release`. */
  function holdNext(verb: string) {
    const [hold, arrival] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const off = world.test.plane.faults.before((called) => {
      if (called !== verb) return;
      arrival.resolve();
      return hold.promise;
    });
    return {
      reached: arrival.promise,
      release() {
        off();
        hold.resolve();
      },
    };
  }

  it('of a team has a quota, which counts disks and snapshots', async () => {
    await quota(45);
    const id = await create('vps');
    const teamFull = /does not allow 20 GB more: 40 of 45 GB are in use/;
    const answer = await call('POST', '/vps', pico());
    refused(answer, 422, 'quota_exceeded', teamFull);
    assert.deepEqual([answer.body.quota, answer.body.limit, answer.body.used], ['storage_gb', 45, 40]);
    // It may come to hold 40 GB.
    const snapshot = { vps_instance_id: id, name: 'kept' };
    refused(await call('POST', '/snapshots/vps', snapshot), 422, 'quota_exceeded', /40 GB more/);
    await quota(80);
    world.test.plane.drift.fillDisk({ teamId: world.test.team.teamId, name: `vps-${id}` }, 3.5 * GIB);
    const kept = await takeSnapshot(call, 'vps', id);
    // It holds 4 of them.
    await quota(63);
    refused(await call('POST', '/vps', pico()), 422, 'quota_exceeded', /44 of 63 GB/);
    await quota(64);
    const other = await create('vps', { name: 'other', resource_profile: 'pico_shared' });
    await ended(await call('DELETE', `/snapshots/vps/${kept}`));
    await remove(other);
    await quota(60);
    await create('vps', { name: 'again', resource_profile: 'pico_shared' });
  });

  it('is asked for a clone, which counts for the quota too', async () => {
    const id = await create('database');
    const snapshot = await takeSnapshot(call, 'database', id);
    await quota(15);
    const clone = (name: string) => call('POST', `/snapshots/database/${snapshot}/clone`, { name });
    refused(await clone('copy'), 422, 'quota_exceeded', /10 GB more/);
    await quota(1000);
    await host(1024, 60);
    refused(await clone('copy'), 503, 'no_capacity', /0 MB of memory/);
    await host(2048, 60);
    assert.equal((await ended(await clone('copy'))).state, 'succeeded');
  });

  it('is asked for a restore drill, which takes as much as its instance while it lasts', async () => {
    await host(1024, 60);
    const id = await create('database');
    const snapshot = await takeSnapshot(call, 'database', id);
    const verify = () => call('POST', `/snapshots/database/${snapshot}/verify`);
    refused(await verify(), 503, 'no_capacity', /0 MB of memory/);
    await world.test.database.pool.query(`update snapshots set created_at = now() - interval '2 hours'`);
    await waitFor('a pass', () =>
      runOnce(world.test.database, restoreDrills(world.test.database, world.test.storage, log)),
    );
    const unfinished = await world.test.database.pool.query(`select from operations where kind = 'verify'`);
    assert.equal(unfinished.rowCount, 0, 'the drill waits');
    await host(2048, 60);
    const { release, reached } = holdNext('control');
    const drill = await verify();
    await reached;
    refused(await call('POST', '/database', newDatabase({ name: 'two' })), 503, 'no_capacity', /0 MB/);
    release();
    const operation = await ended(drill);
    assert.equal(operation.state, 'succeeded');
    await create('database', { name: 'two' });
  });
});
