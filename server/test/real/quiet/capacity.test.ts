import assert from 'node:assert/strict';
import { readFile, statfs } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { DataPlane } from '../../../src/dataplane/contract/data-plane.ts';
import { poolMount } from '../../../src/dataplane/incus/pool-health.ts';
import { createLog } from '../../../src/lib/log.ts';
import { type Call, clientOf, newCache, newVps } from '../../client.ts';
import { createTeam, startTestApp, type TestApp, testConfig, waitFor } from '../../harness.ts';
import { createTestIncus, fromTestRun } from '../../incus.ts';
import { slice } from '../../slice.ts';

const MIB = 1024 ** 2;

/** Uses a factor with which this host has room for one small cache. */
describe('capacity on Incus', { timeout: 2_400_000 }, () => {
  let test: TestApp;
  let plane: DataPlane;
  let call: Call;
  const LIMIT_MB = 400;

  before(async () => {
    plane = createTestIncus(createLog('silent'), { honest: true });
    const { memoryMb } = await plane.describeCapacity();
    const config = testConfig({
      DANUBE_MEMORY_RESERVE_MB: '0',
      DANUBE_MEMORY_FACTOR: String((LIMIT_MB + 0.5) / memoryMb),
      // Other test files fill the same pool.
      DANUBE_DISK_RESERVE_PERCENT: '0',
    });
    test = await startTestApp({ plane, pools: slice.pools, config });
    await test.database.pool.query(`alter table teams alter column id restart with ${slice.firstTeam}`);
    call = clientOf(test.app.url!, (await createTeam(test.database)).token);
  });
  after(async () => {
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    for (const ref of await plane.listVolumes()) await plane.removeVolume(ref);
    await plane.removeTenant(slice.firstTeam);
    await test?.close();
  });

  it('is that of the host', async () => {
    const { memoryMb, pool } = await plane.describeCapacity();
    const [, kilobytes] = /^MemTotal:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8'))!;
    // Incus includes memory that the kernel reserves for itself.
    assert.ok(
      Math.abs(memoryMb - Number(kilobytes) / 1024) < 0.1 * memoryMb,
      `${memoryMb} MB, ${kilobytes} kB`,
    );
    const folder = path.dirname(fromTestRun('DANUBE_TEST_INCUS_SOCKET'));
    const { blocks, bavail, bsize } = await statfs(poolMount(folder, fromTestRun('DANUBE_TEST_INCUS_POOL')));
    assert.equal(pool.totalBytes, blocks * bsize);
    assert.ok(pool.freeBytes > 0 && pool.freeBytes <= bavail * bsize + 1024 * MIB);
    const { rows } = await test.database.pool.query('select memory_limit_mb, pool_mb from capacity');
    assert.deepEqual(rows, [{ memory_limit_mb: LIMIT_MB, pool_mb: Math.floor(pool.totalBytes / MIB) }]);
  });

  it('is not promised beyond what the operator allows, and given back when an instance is gone', async () => {
    const large = await call('POST', '/vps', newVps({ resource_profile: 'xlarge' }));
    assert.deepEqual([large.status, large.body.code], [422, 'not_available'], JSON.stringify(large.body));
    const id = await create('first');
    const second = await call('POST', '/cache', newCache({ name: 'second' }));
    assert.deepEqual([second.status, second.body.code], [503, 'no_capacity'], JSON.stringify(second.body));
    assert.equal(second.body.available.memory_mb, LIMIT_MB - 256);
    await ended(await call('POST', `/cache/${id}/stop`));
    assert.equal((await call('POST', '/cache', newCache({ name: 'second' }))).status, 503);
    await ended(await call('DELETE', `/cache/${id}`));
    await create('second');
  });

  async function create(name: string): Promise<string> {
    const created = await call('POST', '/cache', newCache({ name, version: null }));
    await ended(created);
    return created.body.instance.id;
  }

  async function ended(answer: Awaited<ReturnType<Call>>): Promise<void> {
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    const { data } = await waitFor(
      'the operation to end',
      async () => {
        const { body } = await call('GET', `/operations/${answer.body.operation_id}?wait=60`);
        return body.data.terminal && body;
      },
      1200,
    );
    assert.equal(data.state, 'succeeded', JSON.stringify(data.error));
  }
});
