import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eachWithCapacity, GIB, pico, refused } from '../../test/capacity-world.ts';
import { newDatabase, newVps, takeSnapshot } from '../../test/client.ts';
import { waitFor } from '../../test/harness.ts';
import { createLog } from '../lib/log.ts';
import { runOnce } from '../reconcilers/reconcilers.ts';
import { automaticSnapshots } from '../resources/snapshots/schedule.ts';

const log = createLog('silent');

describe('capacity of a pool that is nearly full', () => {
  const world = eachWithCapacity();
  const { call, host, quota, ended, create, promised } = world;

  const full = /nearly full: 2 GB of 100 GB are free, and 10 GB are kept/;

  it('goes into no instance, snapshot, clone, drill or restore; what is there goes on', async () => {
    await quota(100_000);
    const id = await create('database');
    const snapshot = await takeSnapshot(call, 'database', id);
    await host(64 * 1024, 100, 2);
    const at = `/snapshots/database/${snapshot}`;
    refused(await call('POST', '/vps', pico()), 503, 'no_capacity', full);
    refused(await call('PUT', `/database/${id}`, { storage_size_gb: 20 }), 503, 'no_capacity', full);
    const taken = await call('POST', '/snapshots/database', { database_instance_id: id, name: 'more' });
    refused(taken, 503, 'no_capacity', full);
    for (const request of ['restore', 'clone', 'verify']) {
      const body = request === 'clone' ? { name: 'copy' } : undefined;
      refused(await call('POST', `${at}/${request}`, body), 503, 'no_capacity', full);
    }
    await call('PUT', `/database/${id}`, { automated_snapshots_enabled: true });
    await waitFor('a pass', () =>
      runOnce(world.test.database, automaticSnapshots(world.test.database, world.test.storage, log)),
    );
    assert.equal((await call('GET', '/snapshots/database')).body.pagination.total, 1);
    const { body } = await waitFor('a look at the pool', async () => {
      const answer = await call('GET', '/health');
      return answer.body.storage === 'nearly_full' && answer;
    });
    assert.equal(body.status, 'ok');
    // Nothing of this holds up what makes room.
    for (const request of ['stop', 'start', 'stop']) {
      assert.equal((await ended(await call('POST', `/database/${id}/${request}`))).state, 'succeeded');
    }
    assert.equal((await ended(await call('DELETE', at))).state, 'succeeded');
    await host(64 * 1024, 100, 50);
    await waitFor('room', async () => (await call('GET', '/health')).body.storage === 'ok');
    await create('vps', { resource_profile: 'pico_shared' });
  });

  it('and takes no writes is said everywhere, and promised to nobody', async () => {
    await host(64 * 1024, 100);
    const id = await create('vps');
    const shown = async () => (await call('GET', `/vps/${id}`)).body.instance.status_details;
    const promise = () => call('POST', '/vps', newVps({ name: 'more' }));
    world.test.plane.setWriteRefusal('read_only');
    // At once, and not only when the host was looked at again.
    refused(await promise(), 503, 'unavailable', /take no writes/);
    await world.observe();
    const refusal = await promise();
    refused(refusal, 503, 'unavailable', /take no writes/);
    assert.deepEqual([refusal.body.reason, refusal.headers.get('retry-after')], ['storage_read_only', '5']);
    const { body } = await waitFor('503', async () => {
      const answer = await call('GET', '/health');
      return answer.status === 503 && answer;
    });
    assert.deepEqual([body.status, body.storage, body.database], ['unavailable', 'read_only', 'ok']);
    const { health, error } = await waitFor('it to be unhealthy', async () => {
      const details = await shown();
      return details.health !== 'healthy' && details;
    });
    assert.deepEqual([health, error.code], ['unhealthy', 'storage_read_only']);
    const { data } = (await call('GET', `/vps/${id}/diagnose`)).body;
    assert.deepEqual([data.verdict, data.findings[0].code], ['unhealthy', 'storage_read_only']);
    world.test.plane.setWriteRefusal(null);
    await world.observe();
    const more = await promise();
    assert.equal(more.status, 201);
    // The tests after this one count what is promised.
    await waitFor('it to run', async () => {
      const { status } = (await call('GET', `/vps/${more.body.instance.id}`)).body.instance;
      return status === 'running';
    });
    await waitFor('200', async () => (await call('GET', '/health')).status === 200);
    await waitFor('it to be healthy', async () => (await shown()).health === 'healthy');
  });

  it('and takes no writes, or whose database hardly does, is given no promise at all from that moment on', async () => {
    await quota(100_000);
    const id = await create('database');
    const server = await create('vps', { resource_profile: 'pico_shared' });
    const at = `/snapshots/database/${await takeSnapshot(call, 'database', id)}`;
    await call('PUT', `/database/${id}`, { automated_snapshots_enabled: true });
    const promises: [string, string, object | undefined][] = [
      ['POST', '/vps', pico('late')],
      ['POST', '/database', newDatabase({ name: 'late' })],
      ['PUT', `/database/${id}`, { storage_size_gb: 50 }],
      ['PUT', `/vps/${server}`, { resource_profile: 'nano_shared' }],
      ['POST', '/snapshots/database', { database_instance_id: id, name: 'late' }],
      ['POST', `${at}/clone`, { name: 'copy' }],
      ['POST', `${at}/restore`, undefined],
      ['POST', `${at}/verify`, undefined],
    ];
    const before = await promised();
    const refusesAll = async (reason: string): Promise<void> => {
      for (const [method, path, body] of promises) {
        const answer = await call(method, path, body);
        assert.deepEqual([answer.status, answer.body.reason], [503, reason], `${method} ${path}`);
      }
      const { database, storage } = world.test;
      await waitFor('a pass', () => runOnce(database, automaticSnapshots(database, storage, log)));
      assert.equal((await call('GET', '/snapshots/database')).body.pagination.total, 1);
    };
    // Nobody looks at the host meanwhile.
    world.test.plane.setWriteRefusal('read_only');
    await refusesAll('storage_read_only');
    world.test.plane.setWriteRefusal(null);
    await world.fillDatabaseDisk();
    await refusesAll('database_nearly_full');
    // What makes room, and what is there, goes on.
    assert.equal((await ended(await call('POST', `/vps/${server}/stop`))).state, 'succeeded');
    assert.equal((await ended(await call('DELETE', at))).state, 'succeeded');
    await world.emptyDatabaseDisk();
    assert.deepEqual(await promised(), before);
    assert.equal((await ended(await call('POST', '/vps', pico('after')))).state, 'succeeded');
  });

  it('since it was last looked at is seen before a snapshot, clone, restore or drill begins', async () => {
    await quota(100_000);
    const id = await create('database');
    await takeSnapshot(call, 'database', id);
    const snapshots = async () =>
      (await call('GET', '/snapshots/database')).body.data as { id: number; status: string }[];
    const at = `/snapshots/database/${(await snapshots())[0]!.id}`;
    const requests: [string, object | undefined][] = [
      ['/snapshots/database', { database_instance_id: id, name: 'late' }],
      [`${at}/clone`, { name: 'copy' }],
      [`${at}/restore`, undefined],
      [`${at}/verify`, undefined],
    ];
    const before = await promised();
    for (const [path, body] of requests) {
      await host(64 * 1024, 100);
      // A guest fills the pool between the request and the work.
      const off = world.test.plane.faults.before((verb) => {
        if (verb !== 'describeCapacity') return;
        world.test.plane.setCapacity({ pool: { totalBytes: 100 * GIB, freeBytes: 2 * GIB } });
      });
      const operation = await ended(await call('POST', path, body));
      off();
      assert.deepEqual([operation.state, operation.error.code], ['failed', 'no_capacity'], path);
      assert.match(operation.error.message, full);
    }
    await waitFor(
      'the database to run',
      async () => (await call('GET', `/database/${id}`)).body.instance.status === 'running',
    );
    const failed = (await snapshots()).filter(({ status }) => status === 'failed');
    assert.equal(failed.length, 1);
    for (const { id: left } of failed) await ended(await call('DELETE', `/snapshots/database/${left}`));
    const { data } = (await call('GET', '/database')).body;
    const copy = data.find(({ name }: { name: string }) => name === 'copy');
    await ended(await call('DELETE', `/database/${copy.id}`));
    assert.deepEqual(await promised(), before);
    const instances = await world.test.plane.listInstances();
    assert.deepEqual(
      instances.map(({ ref }) => ref.name),
      [`database-${id}`],
    );
  });
});
