import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { createPerson, PASSWORD } from '../../../test/people.ts';
import { type SignIns, startSignIns } from '../../../test/sign-in.ts';

describe('guessing at passwords', () => {
  let on: SignIns;
  before(async () => {
    on = await startSignIns();
  });
  after(() => on?.test.close());

  it('gives the same answer to a wrong password, an unknown address, and an account without a password', async () => {
    const person = await createPerson(on.test.database);
    const bare = await createPerson(on.test.database, { password: null });
    const bodies = [];
    for (const email of [person.email, bare.email, 'nobody@example.org']) {
      const { status, headers, body } = await on.signIn(email, 'wrong horse battery');
      assert.equal(status, 401);
      assert.equal(headers['set-cookie'], undefined);
      bodies.push({ ...body, request_id: '' });
    }
    assert.deepEqual(bodies[1], bodies[0]);
    assert.deepEqual(bodies[2], bodies[0]);
  });

  it('does the same work for an unknown address, so that the time tells nothing either', async (t) => {
    const person = await createPerson(on.test.database);
    const bare = await createPerson(on.test.database, { password: null });
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
      assert.equal((await on.signIn(email, 'wrong horse battery')).status, 401);
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
    const unverified = await createPerson(on.test.database, { verified: false });
    const disabled = await createPerson(on.test.database);
    await on.test.database.db
      .updateTable('users')
      .set({ disabled_at: sql`now()` })
      .where('id', '=', disabled.accountId)
      .execute();
    for (const [{ email }, why] of [
      [unverified, /link that was sent/],
      [disabled, /disabled/],
    ] as const) {
      const answer = await on.signIn(email);
      assert.equal(answer.status, 401);
      assert.match(answer.body.message, why);
      assert.match((await on.signIn(email, 'wrong horse battery')).body.message, /address or the password/);
    }
  });

  it('stops guessing by account, from however many addresses at once, and by address', async () => {
    const person = await createPerson(on.test.database);
    const guesses = await Promise.all(
      Array.from({ length: 30 }, (_, index) => on.signIn(person.email, `wrong horse ${index}`)),
    );
    const statuses = guesses.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 401).length, 10);
    assert.equal(statuses.filter((status) => status === 429).length, 20);
    const late = await on.signIn(person.email);
    assert.equal(late.status, 429, 'also with the right password');
    assert.ok(Number(late.headers['retry-after']) > 600);
    assert.equal((await on.signIn('NOBODY-here@example.org', 'x')).status, 401, 'and nobody else');

    const [remoteAddress] = [on.newAddress()];
    const spray = [];
    for (let index = 0; index < 60; index++)
      spray.push(await on.signIn(`nobody-${index}@example.org`, 'wrong horse', { remoteAddress }));
    assert.equal(spray.filter(({ status }) => status === 429).length, 10);
    // Unknown accounts are limited as known ones.
    for (let index = 0; index < 10; index++) await on.signIn('no-one@example.org', 'wrong horse');
    assert.equal((await on.signIn('no-one@example.org')).status, 429);
  });

  it('counts only failures: who signs in is not locked out', async () => {
    const person = await createPerson(on.test.database);
    const remoteAddress = on.newAddress();
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 8; index++) await on.signIn(person.email, 'wrong horse', { remoteAddress });
      assert.equal((await on.signIn(person.email, PASSWORD, { remoteAddress })).status, 200);
    }
  });

  it('takes no password that is easy to guess', async () => {
    const person = await createPerson(on.test.database);
    const name = person.email.split('@')[0]!;
    for (const password of [
      'short',
      'aaaaaaaaaaaa',
      'Password123',
      '1q2w3e4r5t',
      person.email,
      `${name}${name}1`,
    ]) {
      const answer = await on.setPassword(await on.linkFor(person), password);
      assert.ok(answer.body.errors?.password, password);
    }
    const composed = 'pass wörd à la carte';
    assert.equal((await on.setPassword(await on.linkFor(person), composed.normalize('NFD'))).status, 200);
    assert.equal((await on.signIn(person.email, composed.normalize('NFC'))).status, 200);
  });
});

const textOf = (statement: unknown): string =>
  typeof statement === 'string' ? statement : (statement as { text: string }).text;
