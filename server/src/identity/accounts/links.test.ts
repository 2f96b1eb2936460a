import assert from 'node:assert/strict';

import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { withBareServer } from '../../../test/bare-server.ts';
import { openSession, waitFor } from '../../../test/harness.ts';
import { cookieOf, createPerson, PASSWORD } from '../../../test/people.ts';
import { NEW_PASSWORD, type SignIns, startSignIns } from '../../../test/sign-in.ts';
import { hashPassword } from './passwords.ts';

describe('passwords that are set again', () => {
  let on: SignIns;
  before(async () => {
    on = await startSignIns();
  });
  after(() => on?.test.close());

  it('takes the password again as a proof, and asks for one before anything that outlives the session', async () => {
    const person = await createPerson(on.test.database);
    const session = cookieOf(await on.signIn(person.email))!;
    await sql`update sessions set proved_at = now() - interval '11 minutes'`.execute(on.test.database.db);
    const change = () => on.call('PUT', '/user/password', { session, body: { password: NEW_PASSWORD } });
    assert.equal((await change()).body.code, 'proof_required');
    const confirm = (password: string) => on.call('POST', '/auth/confirm', { session, body: { password } });
    assert.equal((await confirm('wrong horse battery')).status, 401);
    assert.equal((await change()).body.code, 'proof_required');
    assert.equal((await confirm(PASSWORD)).status, 200);
    const other = cookieOf(await on.signIn(person.email))!;
    assert.equal((await change()).status, 200);
    assert.equal((await on.call('GET', '/auth/session', { session })).status, 200);
    await waitFor('the end of others', async () => {
      return (await on.call('GET', '/auth/session', { session: other })).status === 401;
    });
    assert.equal((await on.signIn(person.email)).status, 401);
    assert.equal((await on.signIn(person.email, NEW_PASSWORD)).status, 200);
    for (let index = 0; index < 10; index++) await confirm('wrong horse battery');
    assert.equal((await confirm(NEW_PASSWORD)).status, 429);
  });

  it('sets a password by link once, and ends all sessions', async () => {
    const person = await createPerson(on.test.database, { verified: false });
    const session = await openSession(on.test.database, person);
    const [secret, other] = [await on.linkFor(person), await on.linkFor(person)];
    const rows = await on.test.database.pool.query('select l::text as row from account_links l');
    assert.ok(!JSON.stringify(rows.rows).includes(secret), 'only a hash is stored');
    const short = await on.setPassword(secret, 'short');
    assert.equal(short.status, 422);
    const answers = await Promise.all([
      on.setPassword(secret),
      on.setPassword(secret),
      on.setPassword(secret),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422, 422]);
    for (const used of [secret, other, 'x'.repeat(48), ''])
      assert.equal((await on.setPassword(used)).body.code, 'link_invalid', used);
    assert.equal((await on.call('POST', '/auth/sign-out', { session })).status, 401);
    assert.equal((await on.signIn(person.email)).status, 401);
    assert.equal((await on.signIn(person.email, NEW_PASSWORD)).status, 200);
  });

  it('takes no link that has expired, and none that was sent to a former address', async () => {
    const person = await createPerson(on.test.database);
    const expired = await on.linkFor(person, 0);
    assert.equal((await on.setPassword(expired)).body.code, 'link_invalid');
    const former = await on.linkFor(person);
    await on.test.database.db
      .updateTable('users')
      .set({ email: `moved-${person.email}` })
      .where('id', '=', person.accountId)
      .execute();
    assert.equal((await on.setPassword(former)).body.code, 'link_invalid');
  });

  it('goes on with no password that was changed meanwhile', async () => {
    const person = await createPerson(on.test.database);
    const before = await hashPassword(NEW_PASSWORD, 'test');
    // The row is held while the password is compared, and the sign-in waits for it.
    const signing = await on.test.database.transaction(async (tx) => {
      await tx
        .updateTable('users')
        .set({ password_hash: before })
        .where('id', '=', person.accountId)
        .execute();
      const answer = on.signIn(person.email);
      await waitFor('the sign-in to wait', async () => {
        const { rows } = await sql`select from pg_locks where not granted`.execute(tx);
        return rows.length > 0;
      });
      return { answer };
    });
    assert.equal((await signing.answer).status, 401);
  });
});

describe('the page of a link', () => {
  it('is nowhere in a frame', async () => {
    await withBareServer(
      () => {},
      async (_call, http) => {
        const page = await http.inject({ url: '/account/password' });
        assert.equal(page.statusCode, 200);
        assert.equal(page.headers['x-frame-options'], 'DENY');
        assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/);
        assert.match(page.body, /autocomplete="new-password"/);
      },
    );
  });
});
