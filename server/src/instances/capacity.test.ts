import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eachWithCapacity, GIB, pico, refused } from '../../test/capacity-world.ts';
import { clientOf, newDatabase, newVps } from '../../test/client.ts';
import { createTeam, testConfig, waitFor } from '../../test/harness.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { createLog } from '../lib/log.ts';
import { runOnce } from '../reconcilers/reconcilers.ts';
import { storageAutoscaler } from '../resources/managed-services/autoscaler.ts';

const log = createLog('silent');

describe('capacity', () => {
  const world = eachWithCapacity();
  const { call, host, observe, quota, ended, create, promised } = world;

  it('is never promised twice, whoever asks at the same time', async () => {
    await host(5 * 1024, 200);
    await quota(100_000);
    const other = await createTeam(world.test.database);
    const callers = [call, clientOf(world.test.app.url!, other.token)];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => callers[index % 2]!('POST', '/vps', pico(`web-${index}`))),
    );
    const created = answers.filter(({ status }) => status === 201);
    assert.equal(created.length, 5);
    for (const answer of answers) if (answer.status !== 201) refused(answer, 503, 'no_capacity', /left/);
    assert.deepEqual(await promised(), { memory: 5 * 1024, disk: 100 });
    await waitFor('all of them to run', async () => {
      const lists = await Promise.all(callers.map((caller) => caller('GET', '/vps')));
      const all = lists.flatMap(({ body }) => body.data as { status: string }[]);
      return all.length === 5 && all.every(({ status }) => status === 'running');
    });
  });

  it('is given back when an instance is gone, and not when it is stopped', async () => {
    await host(1024, 40);
    const id = await create('vps', { resource_profile: 'pico_shared' });
    refused(
      await call('POST', '/vps', pico()),
      503,
      'no_capacity',
      /0 MB of memory and 60 GB of disk are left/,
    );
    await ended(await call('POST', `/vps/${id}/stop`));
    refused(await call('POST', '/vps', pico()), 503, 'no_capacity', /0 MB of memory/);
    await ended(await call('DELETE', `/vps/${id}`));
    assert.deepEqual(await promised(), { memory: 0, disk: 0 });
    await create('vps', { resource_profile: 'pico_shared' });
  });

  it('says what there is, in the answer and for programs', async () => {
    await host(2048, 30);
    const answer = await call('POST', '/database', newDatabase({ resource_profile: 'small' }));
    assert.equal((await ended(answer)).state, 'succeeded');
    const second = await call('POST', '/database', newDatabase({ name: 'two' }));
    refused(
      second,
      503,
      'no_capacity',
      /1 GB of memory and 10 GB of disk are asked for; 0 MB .* 40 GB of disk/,
    );
    assert.deepEqual(second.body.available, { memory_mb: 0, disk_gb: 40 });
    assert.match(second.body.docs, /no_capacity$/);
  });

  it('refuses for good what no host of this size can hold', async () => {
    await host(23 * 1024, 100);
    const large = await call('POST', '/vps', newVps({ resource_profile: 'xlarge' }));
    refused(large, 422, 'not_available', /23 GB of memory .* not 64 GB/);
    assert.ok(large.body.errors.resource_profile);
    const wide = await call('POST', '/vps', newVps({ resource_profile: 'small_shared' }));
    refused(wide, 422, 'not_available', /90 GB of disk .* not 160 GB/);
    assert.equal((await call('GET', '/vps')).body.pagination.total, 0);
  });

  it('is asked for a larger plan, and a plan that cannot be had changes nothing', async () => {
    await host(5 * 1024, 60);
    await quota(100_000);
    const id = await create('vps');
    await create('vps', { name: 'other', resource_profile: 'pico_shared' });
    const answer = await call('PUT', `/vps/${id}`, { resource_profile: 'micro_shared' });
    refused(answer, 422, 'not_available', /54 GB of disk .* not 60 GB/);
    await host(5 * 1024, 100);
    // 2 of its 4 GB are its own already, and 2 are left.
    const grown = await call('PUT', `/vps/${id}`, { resource_profile: 'micro_shared' });
    assert.equal((await ended(grown)).state, 'succeeded');
    assert.deepEqual(await promised(), { memory: 5 * 1024, disk: 80 });
    refused(await call('POST', '/vps', pico('third')), 503, 'no_capacity', /0 MB/);
    const small = await call('GET', `/vps/${id}`);
    assert.equal(small.body.instance.memory_size_mb ?? small.body.instance.memory_size_gb * 1024, 4096);
  });

  it('takes a growth back that failed', async () => {
    await host(8 * 1024, 200);
    const id = await create('vps');
    world.test.plane.faults.failNext('ensureSettings', new DataPlaneError('failed', 'The host refused.'));
    const answer = await call('PUT', `/vps/${id}`, { resource_profile: 'micro_shared' });
    assert.equal((await ended(answer)).state, 'failed');
    assert.deepEqual(await promised(), { memory: 2048, disk: 40 });
  });

  it('is asked when storage grows, by request and by itself', async () => {
    await host(8 * 1024, 20);
    const id = await create('database', {
      storage_autoscaling_enabled: true,
      storage_autoscale_increment_gib: 5,
    });
    await create('database', { name: 'second' });
    await create('database', { name: 'third' });
    // 30 of 40 GB are promised.
    const answer = await call('PUT', `/database/${id}`, { storage_size_gb: 21 });
    refused(answer, 422, 'not_available', /18 GB of disk .* not 21 GB/);
    assert.ok(answer.body.errors.storage_size_gb);
    assert.equal(
      (await ended(await call('PUT', `/database/${id}`, { storage_size_gb: 15 }))).state,
      'succeeded',
    );
    await create('database', { name: 'cramped', resource_profile: 'micro' }).then(
      () => assert.fail('5 GB are left'),
      () => {},
    );
    world.test.plane.drift.fillDisk({ teamId: world.test.team.teamId, name: `database-${id}` }, 14 * GIB);
    await quota(32);
    const autoscale = () =>
      waitFor('a pass', () =>
        runOnce(world.test.database, storageAutoscaler({ ...world.test, config: testConfig() }, log)),
      );
    await autoscale();
    // The team has 35 GB already.
    assert.equal((await call('GET', `/database/${id}`)).body.instance.storage_size_gb, 15);
    await quota(1000);
    await host(8 * 1024, 18);
    await autoscale();
    // 35 of 36 GB are promised.
    assert.equal((await call('GET', `/database/${id}`)).body.instance.storage_size_gb, 15);
    await host(8 * 1024, 23);
    await autoscale();
    await waitFor(
      'growth',
      async () => (await call('GET', `/database/${id}`)).body.instance.storage_size_gb === 20,
    );
    await waitFor(
      'the end of it',
      async () => (await call('GET', `/database/${id}`)).body.instance.status === 'running',
    );
  });

  it('that is not known yet is not promised', async () => {
    await world.test.database.pool.query('update capacity set memory_mb = null, observed_at = null');
    world.test.plane.faults.failAlways('describeCapacity', new DataPlaneError('unreachable', 'No answer.'));
    await world.test.database.pool.query('update capacity set memory_mb = null');
    refused(await call('POST', '/vps', pico()), 503, 'unavailable', /not known yet/);
    world.test.plane.faults.clear();
    await observe();
    await create('vps', { resource_profile: 'pico_shared' });
  });
});
