import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newDatabase, takeSnapshot } from '../../../test/client.ts';
import { suiteWithDatabases } from '../../../test/database-world.ts';
import { findInconsistencies } from '../../../test/faults.ts';
import { testConfig, waitFor } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { getInstance } from '../../instances/store.ts';
import { volumeOf } from '../../instances/volumes.ts';
import { createLog } from '../../lib/log.ts';
import { runOnce } from '../../reconcilers/reconcilers.ts';
import { storageAutoscaler } from './autoscaler.ts';

describe('updates of databases', () => {
  const world = suiteWithDatabases();
  const { call, ended, show, settled, running, ref } = world;
  const autoscale = () =>
    waitFor('a pass', () =>
      runOnce(
        world.test.database,
        storageAutoscaler({ ...world.test, config: testConfig() }, createLog('silent')),
      ),
    );
  const volumeGb = async (id: string) =>
    (await world.test.plane.describeVolume(volumeOf(await getInstance(world.test.database.db, id))))?.sizeGb;

  it('does not call an update done that names nothing it knows', async () => {
    const id = await running();
    const answer = await call('PUT', `/database/${id}`, { pasword: 'x', resource_profil: 'small' });
    assert.equal(answer.status, 422);
    assert.match(answer.body.message, /at least one of: name, configuration/);
    const value = await call('PUT', `/database/${id}`, { configuration: { work_mem: { a: 1 } } });
    assert.deepEqual(value.body.errors, {
      'configuration.work_mem': [
        'The configuration.work_mem field must be a string, or a number, or true or false.',
      ],
    });
  });

  it('changes plan and storage, up and down, but never shrinks the storage', async () => {
    const id = await running({ resource_profile: 'small' });
    const shrink = await call('PUT', `/database/${id}`, { storage_size_gb: 10 });
    assert.equal(shrink.status, 422);
    assert.match(shrink.body.errors.storage_size_gb[0], /cannot shrink.*20 GB/);
    const before = (await show(id)).monthly_cost_cents;
    await ended(await call('PUT', `/database/${id}`, { storage_size_gb: 33 }));
    assert.equal((await show(id)).monthly_cost_cents, before + 130);
    await ended(await call('PUT', `/database/${id}`, { resource_profile: 'micro' }));
    const { events } = (await call('GET', `/database/${id}/events`)).body.data;
    assert.match(events[0].message, /plan small → micro\.$/);
    assert.match(events[2].message, /storage 20 → 33 GB\.$/);
    const { status, memory_size_mb, storage_size_gb, monthly_cost_cents } = await show(id);
    assert.deepEqual(
      [status, memory_size_mb, storage_size_gb, monthly_cost_cents],
      // The plan, and 23 GB beyond its 10.
      ['running', 1024, 33, 999 + 230],
    );
    assert.deepEqual((await world.test.plane.describeInstance(ref(id)))?.limits, {
      vcpu: 1,
      memoryMb: 1024,
      diskGb: 5,
    });
    assert.equal(await volumeGb(id), 33);
  });

  it('refuses parameters that the plan cannot hold, and a plan that cannot hold the parameters', async () => {
    const id = await running({ resource_profile: 'small', configuration: { max_connections: 300 } });
    const most = /max_connections must not be greater than \d+ on the plan (\w+) with \d+ MB of memory/;
    const refused = (answer: { status: number; body: { errors: object } }, field: string, plan: string) => {
      assert.equal(answer.status, 422);
      const [said] = (answer.body.errors as Record<string, string[]>)[field]!;
      assert.equal(most.exec(said!)?.[1], plan, said);
    };
    const configuration = { max_connections: 5000 };
    refused(await call('PUT', `/database/${id}`, { configuration }), 'configuration', 'small');
    refused(await call('PUT', `/database/${id}`, { resource_profile: 'micro' }), 'resource_profile', 'micro');
    const created = await call('POST', '/database', newDatabase({ configuration }));
    refused(created, 'configuration', 'micro');
    const group = { name: 'many', type: 'database', provider_type: 'postgresql', parameters: configuration };
    const { parameter_group } = (await call('POST', '/parameter-groups', group)).body;
    const change = { parameter_group_id: parameter_group.id, configuration: {} };
    refused(await call('PUT', `/database/${id}`, change), 'parameter_group_id', 'small');
    const snapshot = await takeSnapshot(call, 'database', id);
    const clone = { name: 'copy', resource_profile: 'micro' };
    refused(await call('POST', `/snapshots/database/${snapshot}/clone`, clone), 'resource_profile', 'micro');
    assert.equal((await show(id)).configuration.max_connections, '300');
  });

  it('goes back to what was before where the engine refuses an update', async () => {
    const id = await running();
    world.test.plane.faults.failNext(
      'control',
      new DataPlaneError('failed', 'invalid value for parameter "work_mem"'),
    );
    const update = await call('PUT', `/database/${id}`, {
      resource_profile: 'small',
      configuration: { work_mem: '64MB' },
    });
    const operation = await ended(update);
    assert.deepEqual(
      [operation.state, operation.error.message],
      ['failed', 'invalid value for parameter "work_mem"'],
    );
    const database = await show(id);
    assert.deepEqual(
      [database.status, database.resource_profile, database.configuration],
      ['running', 'micro', {}],
    );
    // A volume that has grown stays so, and costs what it costs beyond the plan.
    assert.deepEqual([database.storage_size_gb, database.monthly_cost_cents], [20, 999 + 100]);
    assert.deepEqual(await findInconsistencies(world.test.database, world.test.plane), []);
  });

  it('marks parameters that wait for a restart, until it is started again', async () => {
    const id = await running();
    // What the engine in the instance says when it is asked to reload.
    const stop = world.test.plane.answerControl('reload', 'max_connections\n');
    const update = await call('PUT', `/database/${id}`, { configuration: { max_connections: 50 } });
    assert.equal((await ended(update)).state, 'succeeded');
    stop();
    assert.deepEqual((await show(id)).pending_restart, ['max_connections']);
    const findings = (await call('GET', `/database/${id}/diagnose`)).body.data.findings;
    assert.ok(findings.some(({ code }: { code: string }) => code === 'pending_restart'));
    await call('POST', `/database/${id}/stop`);
    await call('POST', `/database/${id}/start`);
    await settled(id, 'running');
    assert.deepEqual((await show(id)).pending_restart, []);
  });

  it('grows storage that fills up, where that is asked for', async () => {
    const id = await running({
      storage_autoscaling_enabled: true,
      storage_autoscale_threshold_percent: 80,
      storage_autoscale_increment_gib: 5,
    });
    const other = await running();
    for (const instance of [id, other]) world.test.plane.drift.fillDisk(ref(instance), 9 * 1024 ** 3);
    await autoscale();
    await waitFor('growth', async () => (await show(id)).storage_size_gb === 15);
    await settled(id, 'running');
    await autoscale();
    // 9 of 15 GB are below the threshold.
    assert.equal((await show(id)).storage_size_gb, 15);
    assert.equal((await show(other)).storage_size_gb, 10);
    assert.notEqual((await show(id)).storage_autoscale_policy.last_scaled_at, null);
    const { findings } = (await call('GET', `/database/${other}/diagnose`)).body.data;
    assert.deepEqual(
      findings.map(({ code }: { code: string }) => code),
      ['disk_nearly_full'],
    );
  });
});
