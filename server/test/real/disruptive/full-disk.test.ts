import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Answer, newCache, takeSnapshot } from '../../client.ts';
import { waitFor } from '../../harness.ts';
import { SmallHost } from '../small-host.ts';

/** Seconds until all works again: PostgreSQL and the pool are tried again with waits up to 30 s. */
const PATIENCE = 600;

/** Writes 100 MB at a time until less than $1 MB are free in the pool, which `df` shows to guests, or a write fails. */
const FILL = `n=$(date +%s%N)
while [ $(df -Pm /data | awk 'NR == 2 { print $4 }') -gt $1 ]; do
  n=$((n + 1)); fallocate -l 100M /data/f$n 2>&1 || break
done`;
/** What is free then is too little for the reserve, a tenth of the pool, and enough for others to go on for a while. */
const NEARLY_FULL_MB = 500;
/** Writes to the root disk until nothing is left, however small the writes. */
const FILL_ALL = `dd if=/dev/zero of=/rest bs=1M 2>&1; dd if=/dev/zero of=/dregs bs=4k oflag=dsync 2>&1 | head -n 1`;

/** A host whose pool guests have filled, and whose disk others have. */
describe('a full disk', { timeout: 3_600_000 }, () => {
  let host: SmallHost;
  let id: string;

  before(async () => {
    host = await SmallHost.open({ images: ['valkey-9.1'] });
    id = await create('kept');
  });
  after(() => host?.close());

  async function create(name: string, changes: Record<string, unknown> = {}): Promise<string> {
    const created = await host.call('POST', '/cache', newCache({ name, version: null, ...changes }));
    assert.equal(created.status, 201, JSON.stringify(created.body));
    await waitFor(
      `${name} to run`,
      async () => {
        const { instance } = (await host.call('GET', `/cache/${created.body.instance.id}`)).body;
        assert.notEqual(instance.status, 'error', JSON.stringify(instance.status_details));
        return instance.status === 'running';
      },
      1200,
    );
    return created.body.instance.id;
  }

  const health = () => host.call('GET', '/health');

  async function remove(cache: string): Promise<void> {
    await host.call('POST', `/cache/${cache}/force-stop`);
    await host.call('DELETE', `/cache/${cache}`);
  }

  /** Nothing new is promised, for this reason; what is there can be looked at. */
  async function promisesNothing(what: { code: string; reason?: string }): Promise<void> {
    const asked = [
      await host.call('POST', '/cache', newCache({ name: 'refused', version: null })),
      await host.call('POST', '/snapshots/cache', { cache_instance_id: id, name: 'refused' }),
    ];
    for (const { status, body } of asked) {
      assert.deepEqual([status, body.code, body.reason], [503, what.code, what.reason], JSON.stringify(body));
    }
    assert.equal((await host.call('GET', `/cache/${id}`)).status, 200);
  }

  /** Nothing is answered as if it were Danube's fault, and nothing promised. */
  async function answersWithReasons(): Promise<void> {
    const asked: [string, Answer][] = [];
    for (const path of [
      '/cache',
      `/cache/${id}`,
      `/cache/${id}/diagnose`,
      `/cache/${id}/metrics`,
      '/teams',
    ]) {
      asked.push([path, await host.call('GET', path)]);
    }
    const created = await host.call('POST', '/cache', newCache({ name: 'refused', version: null }));
    asked.push(['a creation', created]);
    assert.equal(created.status, 503, JSON.stringify(created.body));
    for (const [what, { status, headers, body }] of asked) {
      assert.ok(status < 500 || status === 503, `${what}: ${status} ${JSON.stringify(body)}`);
      if (status === 503 && body.code !== 'no_capacity')
        assert.ok(body.reason && headers.get('retry-after'), `${what}: ${JSON.stringify(body)}`);
    }
  }

  const lastRefusal = () => host.lastPrinted('the storage pool takes no writes');

  /** Writes to the pool until the health says that it takes none, and no promise is made any more. */
  async function untilRefused(before: number): Promise<void> {
    await waitFor('the pool to be read-only', async () => {
      // The pool notices with the next write to what has no room.
      await host.inside('cache', id, 'head -c 100M /dev/urandom >/data/ballast; sync');
      const { status, body } = await health();
      return status === 503 && body.storage === 'read_only';
    });
    // Promises are judged by what is logged, unless the database cannot even store that.
    await waitFor(
      'it to be known',
      async () => lastRefusal() > before || (await health()).body.database !== 'ok',
    );
  }

  /** All by itself: nobody mounts, starts or repairs anything. */
  async function worksAgain(): Promise<void> {
    await waitFor('health', async () => (await health()).status === 200, PATIENCE);
    await waitFor(
      'the cache to be well',
      async () => {
        const { status, body } = await host.call('GET', `/cache/${id}/diagnose`);
        return status === 200 && body.data.status.health === 'healthy' && body.data.findings.length === 0;
      },
      PATIENCE,
    );
    const read = await host.inside(
      'cache',
      id,
      '. /usr/lib/danube/engine/common; admin get kept; cat /data/kept',
    );
    assert.equal(read.stdout.trim(), '7\nkept', JSON.stringify(read));
    await host.inside('cache', id, 'rm -f /data/ballast; sync');
    await remove(await create(`new-${Date.now()}`));
    const bad = (await host.doctor()).filter(({ state }) => state === 'fail');
    assert.deepEqual(bad, []);
  }

  it('of the pool is what guests come to, and no others notice until nothing is left', async () => {
    const greedy = await create('greedy', { resource_profile: 'small' });
    const fill = (script: string) => host.inside('cache', greedy, `set -- ${NEARLY_FULL_MB}\n${script}`);
    const mine = () =>
      host.inside(
        'cache',
        id,
        'dd if=/dev/urandom of=/data/mine bs=1M count=20 conv=fsync 2>&1 && rm /data/mine',
      );
    // All of its plan, and nothing beyond.
    assert.match(
      (await fill(`${FILL}\ndd if=/dev/zero of=/data/beyond bs=1M 2>&1`)).stdout,
      /quota exceeded/i,
    );
    assert.equal((await health()).body.storage, 'ok');
    // A snapshot holds that, and the guest writes it all again.
    const snapshot = await takeSnapshot(host.call, 'cache', greedy);
    await fill(`rm /data/f* /data/beyond; sync; ${FILL}`);
    await waitFor('it to be known', async () => (await health()).body.storage === 'nearly_full');
    assert.equal((await health()).status, 200);
    await promisesNothing({ code: 'no_capacity' });
    const pool = (await host.doctor()).find(({ component }) => component === 'storage pool');
    assert.match(pool?.message ?? '', /less than the reserve/);
    assert.equal((await mine()).status, 0);
    const before = lastRefusal();
    assert.match((await fill(FILL_ALL)).stdout, /no space left/i);
    await waitFor('it to be full', async () => (await health()).status === 503);
    await waitFor('it to be known', async () => lastRefusal() > before);
    await promisesNothing({ code: 'unavailable', reason: 'storage_full' });
    const { stdout } = await mine();
    assert.match(stdout, /no space left/i);
    assert.equal((await host.call('DELETE', `/snapshots/cache/${snapshot}`)).status, 200);
    await fill('rm -f /data/f* /rest /dregs; sync');
    await waitFor('room', async () => (await health()).body.storage === 'ok', PATIENCE);
    assert.equal((await mine()).status, 0);
    await remove(greedy);
    await remove(await create('after'));
  });

  it('of the host is said everywhere, and mended without hands', async () => {
    // Nothing waits for Btrfs to end its transaction: what was written with fsync has to be there all the same. The engine
    // answers after that only with this setting.
    const write =
      '. /usr/lib/danube/engine/common; admin config set appendfsync always; admin set kept 7; ' +
      'admin config set appendfsync everysec; echo kept | dd of=/data/kept conv=fsync 2>/dev/null && cat /data/kept';
    const { stdout } = await host.inside('cache', id, write);
    assert.deepEqual(stdout.trim().split('\n'), ['OK', 'OK', 'OK', 'kept'], stdout);
    const before = lastRefusal();
    await host.fill();
    await untilRefused(before);
    await waitFor('the cache to be unhealthy, or the database not to answer', async () => {
      const { status, body } = await host.call('GET', `/cache/${id}`);
      return status === 503 ? body.reason !== undefined : body.instance.status_details.health === 'unhealthy';
    });
    const pool = (await host.doctor()).find(({ component }) => component === 'storage pool');
    assert.equal(pool?.state, 'fail', JSON.stringify(pool));
    assert.match(pool.message, /read-only/);
    await answersWithReasons();
    await host.makeRoom();
    await worksAgain();
  });
});
