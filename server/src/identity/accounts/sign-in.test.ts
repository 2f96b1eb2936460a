import assert from 'node:assert/strict';

import { after, before, describe, it } from 'node:test';
import { createApiClient } from '../../../test/api-client.ts';
import { openSession, startTestApp, testConfig, waitFor } from '../../../test/harness.ts';
import { cookieOf, createPerson, PASSWORD } from '../../../test/people.ts';
import { type SignIns, startSignIns } from '../../../test/sign-in.ts';

describe('signing in by password', () => {
  let on: SignIns;
  before(async () => {
    on = await startSignIns();
  });
  after(() => on?.test.close());

  it('begins a session, whatever the case of the address', async () => {
    const person = await createPerson(on.test.database);
    for (const email of [person.email, person.email.toUpperCase(), person.email.toLowerCase()]) {
      const answer = await on.signIn(email);
      assert.deepEqual([answer.status, answer.body.status], [200, 'signed_in']);
      assert.match(
        String(answer.headers['set-cookie']),
        /^danube_session=[A-Za-z0-9]{48}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/,
      );
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      const shown = await on.call('GET', '/user', { session: cookieOf(answer)! });
      assert.deepEqual([shown.body.id, shown.body.email], [person.accountId, person.email]);
    }
  });

  it('takes no second account whose address differs in case only', async () => {
    const person = await createPerson(on.test.database);
    await assert.rejects(
      on.test.database.db
        .insertInto('users')
        .values({ email: person.email.toLowerCase(), name: 'x' })
        .execute(),
      /users_email_key/,
    );
  });

  it('never goes on with a session that somebody has planted', async () => {
    const attacker = await createPerson(on.test.database);
    const victim = await createPerson(on.test.database);
    const planted = await openSession(on.test.database, attacker);
    const answer = await on.signIn(victim.email, PASSWORD, { session: planted });
    const session = cookieOf(answer)!;
    assert.notEqual(session, planted);
    await waitFor('the end of the planted one', async () => {
      return (await on.call('GET', '/auth/session', { session: planted })).status === 401;
    });
    assert.equal((await on.call('GET', '/user', { session })).body.id, victim.accountId);
    const made = await on.signIn(victim.email, PASSWORD, {
      headers: { cookie: `danube_session=${'a'.repeat(48)}` },
    });
    assert.notEqual(cookieOf(made), `danube_session=${'a'.repeat(48)}`);
  });

  it('signs nobody in for a page of another origin, whatever its content type', async () => {
    const person = await createPerson(on.test.database);
    const payload = JSON.stringify({ email: person.email, password: PASSWORD });
    for (const origin of ['http://evil.example', 'null', 'http://localhost:8443']) {
      for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
        const answer = await on.call('POST', '/auth/sign-in', {
          payload,
          headers: { origin, 'content-type': type },
        });
        assert.deepEqual([answer.status, answer.body.code], [403, 'origin_mismatch']);
      }
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await on.call('POST', '/auth/sign-in', { payload, headers: { 'content-type': type } });
      assert.equal(answer.status, 415);
    }
  });

  it('leads to no address that a request names', async () => {
    const person = await createPerson(on.test.database);
    for (const target of ['https://evil.example', '//evil.example', '/\\evil.example']) {
      const more = { return_to: target, next: target, redirect_uri: target, url: target };
      const answer = await on.call('POST', '/auth/sign-in', {
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

  it('is in the audit log, whether it succeeds or not', async () => {
    const person = await createPerson(on.test.database);
    await on.signIn(person.email, 'wrong horse battery');
    await on.signIn('nobody-at-all@example.org');
    await on.signIn(person.email);
    const entries = await on.test.database.db
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
    const { body } = await on.call('GET', '/auth/options');
    assert.deepEqual(body, { registration: 'invitation', provider: null, passkeys: true, sends_mail: false });
  });

  it('lets nobody register where accounts are by invitation, and changes no address without mail', async () => {
    const body = { email: 'new@example.org', name: 'New', password: PASSWORD };
    assert.equal((await on.call('POST', '/auth/register', { body })).body.code, 'not_available');
    const session = await openSession(on.test.database, await createPerson(on.test.database));
    const moved = await on.call('PUT', '/user/email', { session, body: { email: 'new@example.org' } });
    assert.equal(moved.body.code, 'not_available');
  });
});
