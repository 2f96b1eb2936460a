import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { newVps } from '../../test/client.ts';
import { startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { QUEUE_CHANNEL } from './operations-store.ts';

describe('a worker that does not poll', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp({ runtime: { pollMs: 3_600_000, concurrency: 2 } });
    call = createApiClient(test.app.http, test.team.token);
  });
  after(() => test?.close());

  async function create(name: string): Promise<() => Promise<boolean>> {
    const { status, body } = await call('POST', '/vps', { body: newVps({ name }) });
    assert.equal(status, 201, JSON.stringify(body));
    return async () => (await call('GET', `/vps/${body.instance.id}`)).body.instance.status === 'running';
  }

  /** Connections that listen for new work, by backend process. */
  async function listeners(): Promise<number[]> {
    const { rows } = await test.database.pool.query(
      'select pid from pg_stat_activity where datname = current_database() and query = $1',
      [`listen ${QUEUE_CHANNEL}`],
    );
    return rows.map(({ pid }) => pid);
  }

  it('is notified of new work, and of work that waited behind other work', async () => {
    const { body } = await call('POST', '/vps', { body: newVps({ name: 'one' }) });
    const path = `/vps/${body.instance.id}`;
    assert.equal((await call('POST', `${path}/stop`)).status, 200);
    await waitFor(
      'it to be stopped',
      async () => (await call('GET', path)).body.instance.status === 'stopped',
    );
  });

  it('starts work that exceeded the concurrency at first', async () => {
    const all = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(create));
    for (const isRunning of all) await waitFor('the server to run', isRunning);
  });

  it('finds work whose notification was lost with the connection', async () => {
    const [pid] = await waitFor('the listener', async () => (await listeners()).length === 1 && listeners());
    // Resolves once the backend has ended.
    await test.database.pool.query('select pg_terminate_backend($1, 60000)', [pid]);
    const isRunning = await create('lost');
    await waitFor('the server to run', isRunning);
    await waitFor('another listener', async () => {
      const others = await listeners();
      return others.length === 1 && others[0] !== pid;
    });
  });
});
