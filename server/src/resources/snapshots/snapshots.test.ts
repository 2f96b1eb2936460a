import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takeSnapshot } from '../../../test/client.ts';
import { suiteWithCustomer } from '../../../test/customer.ts';
import { holdBack } from '../../../test/harness.ts';
import { snapshotsOf } from '../../../test/snapshots.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';

describe('snapshots', () => {
  const world = suiteWithCustomer();
  const { call } = world;
  const { show, ended, succeeds, running } = world.customer;
  const { snapshot, list, restore, consistent } = snapshotsOf(world);

  it('go with their instance', async () => {
    const id = await running('cache');
    await takeSnapshot(call, 'cache', id);
    await succeeds(call('POST', `/cache/${id}/stop`));
    await succeeds(call('DELETE', `/cache/${id}`));
    assert.deepEqual(await list('cache', id), []);
    await consistent();
  });

  it('wait their turn; what waits behind one that fails is dropped, and leaves no trace', async () => {
    const id = await running('database');
    const kept = await takeSnapshot(call, 'database', id);
    const release = holdBack(world.test.plane, 'ensureSnapshot');
    const taken = await call('POST', '/snapshots/database', { database_instance_id: id, name: 'fails' });
    const update = await call('PUT', `/database/${id}`, { resource_profile: 'small' });
    const back = await restore('database', kept);
    const second = await call('POST', '/snapshots/database', { database_instance_id: id, name: 'second' });
    const stop = await call('POST', `/database/${id}/stop`);
    assert.equal((await snapshot('database', kept)).status, 'ready');
    world.test.plane.faults.failNext('ensureSnapshot', new DataPlaneError('failed', 'The host refused.'));
    release();
    for (const answer of [taken, update, back, second, stop]) {
      assert.equal((await ended(answer)).state, 'failed');
    }
    const { status, resource_profile, can_be_stopped } = await show('database', id);
    assert.deepEqual([status, resource_profile, can_be_stopped], ['running', 'micro', true]);
    const states = (await list('database', id)).map(({ name, status: state }) => [name, state]);
    assert.deepEqual(states, [
      ['second', 'failed'],
      ['fails', 'failed'],
      ['kept', 'ready'],
    ]);
    await consistent();
  });

  it('cannot be deleted while something is made from them, nor can their instance', async () => {
    const id = await running('database');
    const kept = await takeSnapshot(call, 'database', id);
    await succeeds(call('POST', `/database/${id}/stop`));
    const release = holdBack(world.test.plane, 'ensureInstance');
    const clone = await call('POST', `/snapshots/database/${kept}/clone`, { name: 'copy' });
    const refused = await call('DELETE', `/snapshots/database/${kept}`);
    assert.deepEqual(
      [refused.status, refused.body.code, refused.body.status],
      [422, 'invalid_state', 'ready'],
    );
    assert.match(refused.body.message, new RegExp(`being cloned.*${clone.body.operation_id}`));
    const instance = await call('DELETE', `/database/${id}`);
    assert.deepEqual([instance.status, instance.body.code], [422, 'invalid_state']);
    release();
    await succeeds(Promise.resolve(clone));
    await succeeds(call('DELETE', `/snapshots/database/${kept}`));
    assert.equal((await call('GET', `/snapshots/database/${kept}`)).status, 404);
    await succeeds(call('DELETE', `/database/${id}`));
    await consistent();
  });

  it('are refused of an instance in the wrong state, with a sentence', async () => {
    const id = await running('vps');
    await world.test.database.pool.query(`update instances set status = 'error' where id = $1`, [id]);
    const broken = await call('POST', '/snapshots/vps', { vps_instance_id: id, name: 'x' });
    assert.deepEqual([broken.status, broken.body.code, broken.body.status], [422, 'invalid_state', 'error']);
    await world.test.database.pool.query(`update instances set status = 'running' where id = $1`, [id]);
    await succeeds(call('POST', `/vps/${id}/stop`));
    const release = holdBack(world.test.plane, 'removeInstance');
    const deletion = await call('DELETE', `/vps/${id}`);
    const late = await call('POST', '/snapshots/vps', { vps_instance_id: id, name: 'x' });
    assert.deepEqual([late.status, late.body.message], [422, 'The server is being deleted.']);
    release();
    await ended(deletion);
  });

  it('are limited per instance; those that Danube takes do not count', async () => {
    const id = await running('cache');
    await world.test.database.pool.query(`update teams set quotas = quotas || '{"snapshot": 2}'`);
    try {
      const first = await takeSnapshot(call, 'cache', id);
      await succeeds(restore('cache', first));
      await takeSnapshot(call, 'cache', id);
      const answers = await Promise.all(
        ['a', 'b'].map((name) => call('POST', '/snapshots/cache', { cache_instance_id: id, name })),
      );
      for (const { status, body } of answers) {
        assert.deepEqual([status, body.code, body.limit, body.used], [422, 'quota_exceeded', 2, 2]);
      }
      await succeeds(call('DELETE', `/snapshots/cache/${first}`));
      await takeSnapshot(call, 'cache', id);
    } finally {
      await world.test.database.pool.query(`update teams set quotas = quotas - 'snapshot'`);
    }
  });
});
