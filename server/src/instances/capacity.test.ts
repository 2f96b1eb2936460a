import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Answer, type Call, clientOf, newDatabase, newVps, takeSnapshot } from '../../test/client.ts';
import { findInconsistencies } from '../../test/faults.ts';
import { createTeam, startTestApp, type TestApp, testConfig, waitFor } from '../../test/harness.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { createLog } from '../lib/log.ts';
import { runOnce } from '../reconcilers/reconcilers.ts';
import { storageAutoscaler } from '../resources/managed-services/autoscaler.ts';
import { automaticSnapshots, restoreDrills } from '../resources/snapshots/schedule.ts';
import { capacityObserver } from './capacity.ts';

const GIB = 1024 ** 3;

describe('capacity', () => {
  let test: TestApp;
  let call: Call;
  const log = createLog('silent');
  const config = testConfig();

  beforeEach(async () => {
    // The tests look at the host themselves: a pass of the server would undo what they set.
    test = await startTestApp({ config, still: ['capacity'] });
    call = clientOf(test.app.url!, test.team.token);
  });
  afterEach(async () => {
    const found = await findInconsistencies(test.database, test.plane);
    await test.close();
    assert.deepEqual(found, []);
  });

  /** Gives instances so much memory, and a pool of so many GB, and has Danube know it. */
  async function host(memoryMb: number, poolGb: number, freeGb = poolGb): Promise<void> {
    test.plane.setCapacity({
      memoryMb: memoryMb + config.capacity.memoryReserveMb,
      pool: { totalBytes: poolGb * GIB, freeBytes: freeGb * GIB },
    });
    await observe();
  }
  const observe = () => capacityObserver(test.database, test.plane, config.capacity, log).run();
  const quota = (gb: number) =>
    test.database.pool.query('update teams set quotas = $1', [JSON.stringify({ vps: 100, storage_gb: gb })]);
  const ended = async (answer: Answer) => {
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    return waitFor('the operation to end', async () => {
      const { data } = (await call('GET', `/operations/${answer.body.operation_id}`)).body;
      return data.terminal && data;
    });
  };
  const create = async (kind: 'vps' | 'database', body: object = {}): Promise<string> => {
    const answer = await call('POST', `/${kind}`, { vps: newVps, database: newDatabase }[kind]({ ...body }));
    assert.equal((await ended(answer)).state, 'succeeded');
    return answer.body.instance.id;
  };
  const pico = (name = 'small') => newVps({ name, resource_profile: 'pico_shared' });
  const refused = (answer: Answer, status: number, code: string, message: RegExp) => {
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body));
    assert.match(answer.body.message, message);
  };
  const remove = async (id: string) => {
    await ended(await call('POST', `/vps/${id}/stop`));
    await ended(await call('DELETE', `/vps/${id}`));
  };
  const promised = async () => {
    const { rows } = await test.database.pool.query(
      'select memory_promised_mb as memory, disk_promised_gb as disk from capacity',
    );
    return rows[0];
  };

  it('is never promised twice, whoever asks at the same time', async () => {
    await host(5 * 1024, 200);
    await quota(100_000);
    const other = await createTeam(test.database);
    const callers = [call, clientOf(test.app.url!, other.token)];
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
    test.plane.faults.failNext('ensureSettings', new DataPlaneError('failed', 'The host refused.'));
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
    test.plane.drift.fillDisk({ teamId: test.team.teamId, name: `database-${id}` }, 14 * GIB);
    await quota(32);
    const autoscale = () =>
      waitFor('a pass', () => runOnce(test.database, storageAutoscaler(test.database, test.plane, log)));
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
    test.plane.drift.fillDisk({ teamId: test.team.teamId, name: `vps-${id}` }, 3.5 * GIB);
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
    await test.database.pool.query(`update snapshots set created_at = now() - interval '2 hours'`);
    await waitFor('a pass', () => runOnce(test.database, restoreDrills(test.database, log)));
    const unfinished = await test.database.pool.query(`select from operations where kind = 'verify'`);
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

  /** Has the next call of the verb wait for `release`. */
  function holdNext(verb: string) {
    const [hold, arrival] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const off = test.plane.faults.before((called) => {
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

  describe('of a pool that is nearly full', () => {
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
      await waitFor('a pass', () => runOnce(test.database, automaticSnapshots(test.database, log)));
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
        const off = test.plane.faults.before((verb) => {
          if (verb !== 'describeCapacity') return;
          test.plane.setCapacity({ pool: { totalBytes: 100 * GIB, freeBytes: 2 * GIB } });
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
      const instances = await test.plane.listInstances();
      assert.deepEqual(
        instances.map(({ ref }) => ref.name),
        [`database-${id}`],
      );
    });
  });

  it('that is not known yet is not promised', async () => {
    await test.database.pool.query('update capacity set memory_mb = null, observed_at = null');
    test.plane.faults.failAlways('describeCapacity', new DataPlaneError('unreachable', 'No answer.'));
    await test.database.pool.query('update capacity set memory_mb = null');
    refused(await call('POST', '/vps', pico()), 503, 'unavailable', /not known yet/);
    test.plane.faults.clear();
    await observe();
    await create('vps', { resource_profile: 'pico_shared' });
  });
});
