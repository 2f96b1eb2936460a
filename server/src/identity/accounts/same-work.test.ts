/**
 * What tells nothing by its answer could still tell by its time whether an account exists. Times of a busy machine prove
 * nothing, so the work is compared that is done until the answer: password hashes, statements, and waiting for accounts.
 */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { after, before, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { openSession, waitFor } from '../../../test/harness.ts';
import { createPerson, PASSWORD, type Person, secretIn, startMailingApp } from '../../../test/people.ts';
import { signInsOf } from '../../../test/sign-in.ts';

describe('the work until an answer', () => {
  let mailing: Awaited<ReturnType<typeof startMailingApp>>;
  let call: ApiClient;
  let person: Person;
  before(async () => {
    mailing = await startMailingApp({ DANUBE_REGISTRATION: 'open', DANUBE_ROLE: 'api' });
    call = createApiClient(mailing.test.app.http, null);
    person = await createPerson(mailing.test.database);
  });
  after(() => mailing?.test.close());

  const { post } = signInsOf((...request) => call(...request));
  const code = async (): Promise<string> => {
    const session = await openSession(mailing.test.database, person);
    return (await call('POST', '/team/invitations', { session, body: { role: 'viewer' } })).body.code;
  };
  const register = (email: string, invitation?: string) =>
    post('/auth/register', { email, name: 'Ada', password: PASSWORD, ...(invitation ? { invitation } : {}) });

  /** Does something while nobody can read accounts: an answer that comes all the same cannot depend on which there are. */
  async function withoutAccounts(work: () => Promise<void>): Promise<void> {
    const client = new pg.Client({ connectionString: mailing.test.database.url });
    await client.connect();
    try {
      await client.query('begin; lock table users in access exclusive mode');
      await work();
    } finally {
      await client.end();
    }
  }

  it('of a reset or a registration reads no account', async () => {
    const invitation = await code();
    await withoutAccounts(async () => {
      for (const email of [person.email, 'nobody@example.org']) {
        assert.equal((await post('/auth/password-reset', { email })).status, 200);
        assert.equal((await register(email)).status, 200);
        assert.equal((await register(email, invitation)).status, 200);
      }
    });
    // And then it is done.
    await mailing.lastLetterTo(person.email, 2);
    await mailing.lastLetterTo('nobody@example.org');
  });

  it('of a reset or a registration hashes as many passwords', async (t) => {
    const invitation = await code();
    const hashes = countHashes(t);
    for (const email of [person.email, 'no-one@example.org']) {
      await post('/auth/password-reset', { email });
      assert.equal(hashes(), 0);
      for (const known of [undefined, invitation]) {
        assert.equal((await register(email, known)).status, 200);
        assert.equal(hashes(), 1);
      }
    }
    // Also for a link that there is, or never was.
    const account = await createPerson(mailing.test.database);
    hashes();
    await post('/auth/password-reset', { email: account.email });
    const secret = secretIn(await mailing.lastLetterTo(account.email));
    for (const [one, status] of [
      ['x'.repeat(48), 422],
      [secret, 200],
      [secret, 422],
    ] as const) {
      const answer = await post('/auth/password', { secret: one, password: 'staple battery horse' });
      assert.deepEqual([answer.status, hashes()], [status, 1]);
    }
  });

  it('of an invitation by e-mail is the same whoever it is for', async (t) => {
    const session = await openSession(mailing.test.database, person);
    // Its last use is noted in the background before anything is compared.
    await call('GET', '/user', { session });
    await waitFor('its last use', async () => {
      const { rows } = await mailing.test.database.pool.query(
        'select from sessions where user_id = $1 and last_used_at > created_at',
        [person.accountId],
      );
      return rows.length > 0;
    });
    const other = await createPerson(mailing.test.database);
    const query = t.mock.method(pg.Client.prototype, 'query');
    const about: string[][] = [];
    for (const email of [other.email, 'somebody-else@example.org']) {
      query.mock.resetCalls();
      const answer = await call('POST', '/team/invitations', { session, body: { role: 'viewer', email } });
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      about.push(
        query.mock.calls.map(({ arguments: [statement] }) => textOf(statement)).filter(isOfInvitations),
      );
    }
    assert.ok(about[0]!.length > 0);
    assert.deepEqual(about[1], about[0]);
  });
});

const textOf = (statement: unknown): string =>
  typeof statement === 'string' ? statement : (statement as { text: string }).text;

/** Other statements may be those of reconcilers. */
const isOfInvitations = (statement: string): boolean => /users|invitations|mails|quota/.test(statement);

/** A function that tells how many passwords were hashed since it was last called. */
function countHashes(t: TestContext): () => number {
  const hash = t.mock.method(crypto, 'argon2');
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return () => {
    const count = hash.mock.callCount();
    hash.mock.resetCalls();
    return count;
  };
}
