import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createApiClient } from '../../test/api-client.ts';
import { createTeam, startTestApp, type TestApp, testConfig, waitFor } from '../../test/harness.ts';

/** Requests in an hour, of which a process counts ten before it asks what the others have counted. */
const LIMIT = 200;
const OFTEN = 1_000_000;

describe('rate limits of several servers on one database', () => {
  const secretKey = Buffer.alloc(32, 3);
  let one: TestApp;
  let two: TestApp;
  before(async () => {
    one = await startTestApp({ secretKey });
    const config = testConfig({ DANUBE_ROLE: 'api' });
    two = await startTestApp({ secretKey, config, databaseUrl: one.database.url, executorId: 'two' });
  });
  after(async () => {
    await two?.close();
    await one?.close();
  });

  /** Requests of a new account to a server: what is left afterwards, or null where it was refused. */
  async function newAccount(): Promise<(server: TestApp) => Promise<number | null>> {
    const { token, accountId } = await createTeam(one.database);
    await one.database.db
      .updateTable('users')
      .set({ rate_limits: [OFTEN, LIMIT, OFTEN] })
      .where('id', '=', accountId)
      .execute();
    return async (server) => {
      const { status, headers } = await createApiClient(server.app.http, token)('GET', '/user/teams');
      assert.ok(status === 200 || status === 429, `${status}`);
      return status === 200 ? Number(headers['x-ratelimit-remaining']) : null;
    };
  }

  it('count what all of them have served', async () => {
    const ask = await newAccount();
    for (let number = 1; number <= 100; number += 1) assert.notEqual(await ask(one), null);
    let served = 0;
    await waitFor('the other to know of it', async () => {
      const left = await ask(two);
      served += 1;
      return left !== null && left + served <= LIMIT - 80;
    });
    while ((await ask(two)) !== null) served += 1;
    assert.ok(served < LIMIT - 50, `${served} served beside 100 of the other`);
    await waitFor('the first to refuse, too', async () => (await ask(one)) === null);
  });

  it('are those of each where the database takes no counts', async () => {
    const ask = await newAccount();
    await one.database.pool.query('alter table attempts rename to lost');
    try {
      let served = 0;
      while ((await ask(one)) !== null) served += 1;
      assert.equal(served, LIMIT);
      assert.notEqual(await ask(two), null);
    } finally {
      await one.database.pool.query('alter table lost rename to attempts');
    }
  });
});
