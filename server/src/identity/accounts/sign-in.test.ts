import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { type ApiClient, type CallOptions, createApiClient } from '../../../test/api-client.ts';
import { withBareServer } from '../../../test/bare-server.ts';
import { openSession, startTestApp, type TestApp, testConfig, waitFor } from '../../../test/harness.ts';
import { cookieOf, createPerson, PASSWORD } from '../../../test/people.ts';
import { createLink } from './links.ts';
import { hashPassword } from './passwords.ts';

const NEW_PASSWORD = 'staple battery horse';

describe('signing in by password', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    // Without a worker, no other statements are counted.
    test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
    call = createApiClient(test.app.http, null);
  });
  after(() => test?.close());

  let addresses = 0;
  /** Each from another address, whose attempts are counted. */
  const newAddress = (): string => `198.51.${Math.floor(++addresses / 250)}.${(addresses % 250) + 1}`;
  const signIn = (email: string, password = PASSWORD, options: CallOptions = {}) =>
    call('POST', '/auth/sign-in', { remoteAddress: newAddress(), body: { email, password }, ...options });
  const linkFor = ({ accountId, email }: { accountId: number; email: string }, hours = 1) =>
    test.database.transaction((tx) => createLink(tx, 'password', { accountId, email }, hours));
  const setPassword = (secret: string, password = NEW_PASSWORD) =>
    call('POST', '/auth/password', { remoteAddress: newAddress(), body: { secret, password } });

  it('begins a session, whatever the case of the address', async () => {
    const person = await createPerson(test.database);
    for (const email of [person.email, person.email.toUpperCase(), person.email.toLowerCase()]) {
      const answer = await signIn(email);
      assert.deepEqual([answer.status, answer.body.status], [200, 'signed_in']);
      assert.match(
        String(answer.headers['set-cookie']),
        /^danube_session=[A-Za-z0-9]{48}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/,
      );
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      const shown = await call('GET', '/user', { session: cookieOf(answer)! });
      assert.deepEqual([shown.body.id, shown.body.email], [person.accountId, person.email]);
    }
  });

  it('takes no second account whose address differs in case only', async () => {
    const person = await createPerson(test.database);
    await assert.rejects(
      test.database.db.insertInto('users').values({ email: person.email.toLowerCase(), name: 'x' }).execute(),
      /users_email_key/,
    );
  });

  it('gives the same answer to a wrong password, an unknown address, and an account without a password', async () => {
    const person = await createPerson(test.database);
    const bare = await createPerson(test.database, { password: null });
    const bodies = [];
    for (const email of [person.email, bare.email, 'nobody@example.org']) {
      const { status, headers, body } = await signIn(email, 'wrong horse battery');
      assert.equal(status, 401);
      assert.equal(headers['set-cookie'], undefined);
      bodies.push({ ...body, request_id: '' });
    }
    assert.deepEqual(bodies[1], bodies[0]);
    assert.deepEqual(bodies[2], bodies[0]);
  });

  it('does the same work for an unknown address, so that the time tells nothing either', async (t) => {
    const person = await createPerson(test.database);
    const bare = await createPerson(test.database, { password: null });
    const hash = t.mock.method(crypto, 'argon2');
    const query = t.mock.method(pg.Client.prototype, 'query');
    syncBuiltinESMExports();
    t.after(() => {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    });
    const work = [];
    for (const email of [person.email, bare.email, 'nobody@example.org']) {
      hash.mock.resetCalls();
      query.mock.resetCalls();
      assert.equal((await signIn(email, 'wrong horse battery')).status, 401);
      work.push({
        hashes: hash.mock.calls.map(({ arguments: [algorithm, { message, nonce, ...cost }] }) => [
          algorithm,
          Buffer.byteLength(message as Buffer),
          Buffer.byteLength(nonce as Buffer),
          cost,
        ]),
        statements: query.mock.calls.map(({ arguments: [statement] }) => textOf(statement)),
      });
    }
    assert.equal(work[0]!.hashes.length, 1);
    assert.ok(work[0]!.statements.length >= 3);
    assert.deepEqual(work[1], work[0]);
    assert.deepEqual(work[2], work[0]);
  });

  it('tells who knows the password why the account cannot sign in, and nobody else', async () => {
    const unverified = await createPerson(test.database, { verified: false });
    const disabled = await createPerson(test.database);
    await test.database.db
      .updateTable('users')
      .set({ disabled_at: sql`now()` })
      .where('id', '=', disabled.accountId)
      .execute();
    for (const [{ email }, why] of [
      [unverified, /link that was sent/],
      [disabled, /disabled/],
    ] as const) {
      const answer = await signIn(email);
      assert.equal(answer.status, 401);
      assert.match(answer.body.message, why);
      assert.match((await signIn(email, 'wrong horse battery')).body.message, /address or the password/);
    }
  });

  it('stops guessing by account, from however many addresses at once, and by address', async () => {
    const person = await createPerson(test.database);
    const guesses = await Promise.all(
      Array.from({ length: 30 }, (_, index) => signIn(person.email, `wrong horse ${index}`)),
    );
    const statuses = guesses.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 401).length, 10);
    assert.equal(statuses.filter((status) => status === 429).length, 20);
    const late = await signIn(person.email);
    assert.equal(late.status, 429, 'also with the right password');
    assert.ok(Number(late.headers['retry-after']) > 600);
    assert.equal((await signIn('NOBODY-here@example.org', 'x')).status, 401, 'and nobody else');

    const [remoteAddress] = [newAddress()];
    const spray = [];
    for (let index = 0; index < 60; index++)
      spray.push(await signIn(`nobody-${index}@example.org`, 'wrong horse', { remoteAddress }));
    assert.equal(spray.filter(({ status }) => status === 429).length, 10);
    // Unknown accounts are limited as known ones.
    for (let index = 0; index < 10; index++) await signIn('no-one@example.org', 'wrong horse');
    assert.equal((await signIn('no-one@example.org')).status, 429);
  });

  it('counts only failures: who signs in is not locked out', async () => {
    const person = await createPerson(test.database);
    const remoteAddress = newAddress();
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 8; index++) await signIn(person.email, 'wrong horse', { remoteAddress });
      assert.equal((await signIn(person.email, PASSWORD, { remoteAddress })).status, 200);
    }
  });

  it('never goes on with a session that somebody has planted', async () => {
    const attacker = await createPerson(test.database);
    const victim = await createPerson(test.database);
    const planted = await openSession(test.database, attacker);
    const answer = await signIn(victim.email, PASSWORD, { session: planted });
    const session = cookieOf(answer)!;
    assert.notEqual(session, planted);
    await waitFor('the end of the planted one', async () => {
      return (await call('GET', '/auth/session', { session: planted })).status === 401;
    });
    assert.equal((await call('GET', '/user', { session })).body.id, victim.accountId);
    const made = await signIn(victim.email, PASSWORD, {
      headers: { cookie: `danube_session=${'a'.repeat(48)}` },
    });
    assert.notEqual(cookieOf(made), `danube_session=${'a'.repeat(48)}`);
  });

  it('signs nobody in for a page of another origin, whatever its content type', async () => {
    const person = await createPerson(test.database);
    const payload = JSON.stringify({ email: person.email, password: PASSWORD });
    for (const origin of ['http://evil.example', 'null', 'http://localhost:8443']) {
      for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
        const answer = await call('POST', '/auth/sign-in', {
          payload,
          headers: { origin, 'content-type': type },
        });
        assert.deepEqual([answer.status, answer.body.code], [403, 'origin_mismatch']);
      }
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await call('POST', '/auth/sign-in', { payload, headers: { 'content-type': type } });
      assert.equal(answer.status, 415);
    }
  });

  it('leads to no address that a request names', async () => {
    const person = await createPerson(test.database);
    for (const target of ['https://evil.example', '//evil.example', '/\\evil.example']) {
      const more = { return_to: target, next: target, redirect_uri: target, url: target };
      const answer = await call('POST', '/auth/sign-in', {
        body: { email: person.email, password: PASSWORD, ...more },
        headers: { referer: target },
      });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.location, undefined);
      assert.ok(!JSON.stringify(answer.body).includes('evil'));
    }
  });

  it('sets the cookie for this host and TLS alone by https', async () => {
    const config = testConfig({ DANUBE_PUBLIC_URL: 'https://cloud.example.org' });
    const secure = await startTestApp({ config });
    try {
      const person = await createPerson(secure.database);
      const answer = await createApiClient(secure.app.http, null)('POST', '/auth/sign-in', {
        body: { email: person.email, password: PASSWORD },
        headers: { origin: 'https://cloud.example.org' },
      });
      assert.match(
        String(answer.headers['set-cookie']),
        /^__Host-danube_session=\w{48}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
      );
    } finally {
      await secure.close();
    }
  });

  it('takes the password again as a proof, and asks for one before anything that outlives the session', async () => {
    const person = await createPerson(test.database);
    const session = cookieOf(await signIn(person.email))!;
    await sql`update sessions set proved_at = now() - interval '11 minutes'`.execute(test.database.db);
    const change = () => call('PUT', '/user/password', { session, body: { password: NEW_PASSWORD } });
    assert.equal((await change()).body.code, 'proof_required');
    const confirm = (password: string) => call('POST', '/auth/confirm', { session, body: { password } });
    assert.equal((await confirm('wrong horse battery')).status, 401);
    assert.equal((await change()).body.code, 'proof_required');
    assert.equal((await confirm(PASSWORD)).status, 200);
    const other = cookieOf(await signIn(person.email))!;
    assert.equal((await change()).status, 200);
    assert.equal((await call('GET', '/auth/session', { session })).status, 200);
    await waitFor('the end of others', async () => {
      return (await call('GET', '/auth/session', { session: other })).status === 401;
    });
    assert.equal((await signIn(person.email)).status, 401);
    assert.equal((await signIn(person.email, NEW_PASSWORD)).status, 200);
    for (let index = 0; index < 10; index++) await confirm('wrong horse battery');
    assert.equal((await confirm(NEW_PASSWORD)).status, 429);
  });

  it('sets a password by link once, and ends all sessions', async () => {
    const person = await createPerson(test.database, { verified: false });
    const session = await openSession(test.database, person);
    const [secret, other] = [await linkFor(person), await linkFor(person)];
    const rows = await test.database.pool.query('select l::text as row from account_links l');
    assert.ok(!JSON.stringify(rows.rows).includes(secret), 'only a hash is stored');
    const short = await setPassword(secret, 'short');
    assert.equal(short.status, 422);
    const answers = await Promise.all([setPassword(secret), setPassword(secret), setPassword(secret)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422, 422]);
    for (const used of [secret, other, 'x'.repeat(48), ''])
      assert.equal((await setPassword(used)).body.code, 'link_invalid', used);
    assert.equal((await call('POST', '/auth/sign-out', { session })).status, 401);
    assert.equal((await signIn(person.email)).status, 401);
    assert.equal((await signIn(person.email, NEW_PASSWORD)).status, 200);
  });

  it('takes no link that has expired, and none that was sent to a former address', async () => {
    const person = await createPerson(test.database);
    const expired = await linkFor(person, 0);
    assert.equal((await setPassword(expired)).body.code, 'link_invalid');
    const former = await linkFor(person);
    await test.database.db
      .updateTable('users')
      .set({ email: `moved-${person.email}` })
      .where('id', '=', person.accountId)
      .execute();
    assert.equal((await setPassword(former)).body.code, 'link_invalid');
  });

  it('takes no password that is easy to guess', async () => {
    const person = await createPerson(test.database);
    const name = person.email.split('@')[0]!;
    for (const password of ['short', 'aaaaaaaaaaaa', person.email, `${name}${name}1`]) {
      const answer = await setPassword(await linkFor(person), password);
      assert.ok(answer.body.errors?.password, password);
    }
    const composed = 'pass wörd à la carte';
    assert.equal((await setPassword(await linkFor(person), composed.normalize('NFD'))).status, 200);
    assert.equal((await signIn(person.email, composed.normalize('NFC'))).status, 200);
  });

  it('goes on with no password that was changed meanwhile', async () => {
    const person = await createPerson(test.database);
    const before = await hashPassword(NEW_PASSWORD, 'test');
    // The row is held while the password is compared, and the sign-in waits for it.
    const signing = await test.database.transaction(async (tx) => {
      await tx
        .updateTable('users')
        .set({ password_hash: before })
        .where('id', '=', person.accountId)
        .execute();
      const answer = signIn(person.email);
      await waitFor('the sign-in to wait', async () => {
        const { rows } = await sql`select from pg_locks where not granted`.execute(tx);
        return rows.length > 0;
      });
      return { answer };
    });
    assert.equal((await signing.answer).status, 401);
  });

  it('is in the audit log, whether it succeeds or not', async () => {
    const person = await createPerson(test.database);
    await signIn(person.email, 'wrong horse battery');
    await signIn('nobody-at-all@example.org');
    await signIn(person.email);
    const entries = await test.database.db
      .selectFrom('audit_entries')
      .select(['account_id', 'outcome', 'error_code', 'after', 'resource_id'])
      .where('action', '=', 'signIn')
      .orderBy('id', 'desc')
      .limit(3)
      .execute();
    assert.deepEqual(
      entries.map(({ outcome, resource_id }) => [outcome, resource_id]),
      [
        ['done', String(person.accountId)],
        ['refused', null],
        ['refused', String(person.accountId)],
      ],
    );
    assert.equal((entries[1]!.after as { email: string }).email, 'nobody-at-all@example.org');
    assert.ok(!JSON.stringify(entries).includes('horse'));
  });

  it('says how one can sign in', async () => {
    const { body } = await call('GET', '/auth/options');
    assert.deepEqual(body, { registration: 'invitation', provider: null, passkeys: true, sends_mail: false });
  });

  it('lets nobody register where accounts are by invitation, and changes no address without mail', async () => {
    const body = { email: 'new@example.org', name: 'New', password: PASSWORD };
    assert.equal((await call('POST', '/auth/register', { body })).body.code, 'not_available');
    const session = await openSession(test.database, await createPerson(test.database));
    const moved = await call('PUT', '/user/email', { session, body: { email: 'new@example.org' } });
    assert.equal(moved.body.code, 'not_available');
  });
});

const textOf = (statement: unknown): string =>
  typeof statement === 'string' ? statement : (statement as { text: string }).text;

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
