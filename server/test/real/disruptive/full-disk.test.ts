import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Answer, newCache } from '../../client.ts';
import { waitFor } from '../../harness.ts';
import { SmallHost } from '../small-host.ts';

/** Seconds until all works again: PostgreSQL and the pool are tried again with waits up to 30 s. */
const PATIENCE = 600;

/** A host whose disk others have filled. */
describe('a full disk of the host', { timeout: 3_600_000 }, () => {
  let host: SmallHost;
  let id: string;

  before(async () => {
    host = await SmallHost.open();
    id = await create('kept');
  });
  after(() => host?.close());

  async function create(name: string): Promise<string> {
    const created = await host.call('POST', '/cache', newCache({ name, version: null }));
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
      if (status === 503)
        assert.ok(body.reason && headers.get('retry-after'), `${what}: ${JSON.stringify(body)}`);
    }
  }

  const isLogged = () => host.lastPrinted('the storage pool takes no writes') >= 0;

  /** Writes to the pool until the health says that it takes none, and no promise is made any more. */
  async function untilRefused(): Promise<void> {
    await waitFor('the pool to be read-only', async () => {
      // The pool notices with the next write to what has no room.
      await host.inside('cache', id, 'head -c 100M /dev/urandom >/data/ballast; sync');
      const { status, body } = await health();
      return status === 503 && body.storage === 'read_only';
    });
    // Promises are judged by what is logged, unless the database cannot even store that.
    await waitFor('it to be known', async () => isLogged() || (await health()).body.database !== 'ok');
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
    const another = await create(`new-${Date.now()}`);
    await host.call('POST', `/cache/${another}/force-stop`);
    await host.call('DELETE', `/cache/${another}`);
    const bad = (await host.doctor()).filter(({ state }) => state === 'fail');
    assert.deepEqual(bad, []);
  }

  it('is said everywhere, and mended without hands', async () => {
    // Nothing waits for Btrfs to end its transaction: what was written with fsync has to be there all the same. The engine
    // answers after that only with this setting.
    const write =
      '. /usr/lib/danube/engine/common; admin config set appendfsync always; admin set kept 7; ' +
      'admin config set appendfsync everysec; echo kept | dd of=/data/kept conv=fsync 2>/dev/null && cat /data/kept';
    const { stdout } = await host.inside('cache', id, write);
    assert.deepEqual(stdout.trim().split('\n'), ['OK', 'OK', 'OK', 'kept'], stdout);
    await host.fill();
    await untilRefused();
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
