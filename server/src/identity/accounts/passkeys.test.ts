import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { type Behaviour, SoftAuthenticator } from '../../../test/authenticator.ts';
import { openSession, startTestApp, type TestApp, testConfig } from '../../../test/harness.ts';
import { cookieOf, createPerson, type Person } from '../../../test/people.ts';

/** Where the pages are that the tests send requests from. */
const ORIGIN = 'http://localhost';

describe('passkeys', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
    call = createApiClient(test.app.http, null);
  });
  after(() => test?.close());

  /** An account with a passkey. */
  async function withPasskey(): Promise<Person & { device: SoftAuthenticator; session: string }> {
    const person = await createPerson(test.database);
    const session = await openSession(test.database, person);
    const device = new SoftAuthenticator(ORIGIN);
    const added = await add(session, device);
    assert.equal(added.status, 200, JSON.stringify(added.body));
    return { ...person, device, session };
  }

  async function add(session: string, device: SoftAuthenticator, behaviour: Behaviour = {}) {
    const { body } = await call('POST', '/user/passkeys/options', { session });
    const credential = device.create(body.options, behaviour);
    const request = { ceremony: body.ceremony, name: 'Laptop', credential };
    return call('POST', '/user/passkeys/add', { session, body: request });
  }

  const begin = async () => (await call('POST', '/auth/passkey/options')).body;

  async function signIn(device: SoftAuthenticator, behaviour: Behaviour = {}) {
    const { ceremony, options } = await begin();
    return call('POST', '/auth/passkey', { body: { ceremony, credential: device.get(options, behaviour) } });
  }

  it('sign in without a password, and without a code', async () => {
    const person = await withPasskey();
    // As an account that is asked for codes after a password.
    await test.database.db
      .updateTable('users')
      .set({ totp_enabled_at: new Date(), totp_sealed: Buffer.alloc(1) })
      .where('id', '=', person.accountId)
      .execute();
    const answer = await signIn(person.device);
    assert.deepEqual([answer.status, answer.body.status], [200, 'signed_in'], JSON.stringify(answer.body));
    const session = cookieOf(answer)!;
    assert.equal((await call('GET', '/user', { session })).body.id, person.accountId);
    const [shown] = (await call('GET', '/user/passkeys', { session })).body.data;
    assert.equal(shown.name, 'Laptop');
    assert.notEqual(shown.last_used_at, null);
    const sessions = await call('GET', '/user/sessions', { session });
    assert.equal(sessions.body.data[0].method, 'passkey');
  });

  it('are taken once for each question, also twice at the same moment', async () => {
    const { device } = await withPasskey();
    const { ceremony, options } = await begin();
    const body = { ceremony, credential: device.get(options) };
    const answers = await Promise.all([1, 2, 3].map(() => call('POST', '/auth/passkey', { body })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401]);
    const again = await begin();
    const replayed = { ceremony: again.ceremony, credential: body.credential };
    assert.equal((await call('POST', '/auth/passkey', { body: replayed })).status, 401);
  });

  it('are refused from another page, without verification, or from a copied device', async () => {
    const { device } = await withPasskey();
    assert.equal((await signIn(device)).status, 200);
    const wrong: Behaviour[] = [
      // One that has not counted on since: a copy may have been used instead.
      { count: 0 },
      { origin: 'http://localhost:8443' },
      { origin: 'https://evil.example' },
      { challenge: 'AAAA' },
      { verified: false },
    ];
    for (const behaviour of wrong) {
      const answer = await signIn(device, behaviour);
      assert.deepEqual([answer.status, answer.body.code], [401, 'sign_in_failed'], JSON.stringify(behaviour));
      assert.equal(answer.headers['set-cookie'], undefined);
    }
    const stranger = new SoftAuthenticator(ORIGIN);
    stranger.create({ challenge: '', rp: { id: 'localhost' }, user: { id: 'AAAA' } });
    assert.equal((await signIn(stranger)).status, 401);
  });

  it('ask everybody the same, so that nobody learns which accounts have one', async () => {
    await withPasskey();
    const { options } = await begin();
    assert.deepEqual(options.allowCredentials, []);
    assert.deepEqual([options.rpId, options.userVerification], ['localhost', 'required']);
  });

  it('are added as they were asked for, and in the session that asked', async () => {
    const person = await createPerson(test.database);
    const session = await openSession(test.database, person);
    for (const behaviour of [
      { origin: 'https://evil.example' },
      { challenge: 'AAAA' },
      { verified: false },
    ]) {
      const answer = await add(session, new SoftAuthenticator(ORIGIN), behaviour);
      assert.deepEqual([answer.status, answer.body.code], [422, 'validation_failed']);
    }
    const { body } = await call('POST', '/user/passkeys/options', { session });
    const credential = new SoftAuthenticator(ORIGIN).create(body.options);
    const request = { ceremony: body.ceremony, name: 'Laptop', credential };
    const other = await openSession(test.database, await createPerson(test.database));
    assert.equal((await call('POST', '/user/passkeys/add', { session: other, body: request })).status, 422);
    assert.equal((await call('POST', '/user/passkeys/add', { session, body: request })).status, 200);
    assert.ok(
      [401, 422].includes((await call('POST', '/user/passkeys/add', { session, body: request })).status),
    );
    assert.equal((await call('GET', '/user/passkeys', { session })).body.data.length, 1);
  });

  it('confirm who sits there, in that session, and only with a passkey of the account', async () => {
    const person = await withPasskey();
    const stranger = await withPasskey();
    const { session } = person;
    await test.database.pool.query("update sessions set proved_at = now() - interval '11 minutes'");
    const ask = () => call('POST', '/user/passkeys/options', { session });
    assert.equal((await ask()).body.code, 'proof_required');
    const confirm = async (device: SoftAuthenticator) => {
      const { body } = await call('POST', '/auth/confirm/passkey/options', { session });
      assert.equal(body.options.allowCredentials.length, 1);
      const used = { ceremony: body.ceremony, credential: device.get(body.options) };
      return call('POST', '/auth/confirm/passkey', { session, body: used });
    };
    assert.equal((await confirm(stranger.device)).status, 401);
    const { ceremony, options } = await begin();
    const ofSignIn = { ceremony, credential: person.device.get(options) };
    assert.equal((await call('POST', '/auth/confirm/passkey', { session, body: ofSignIn })).status, 401);
    assert.equal((await ask()).body.code, 'proof_required');
    assert.equal((await confirm(person.device)).status, 200);
    assert.equal((await ask()).status, 200);
  });

  it('sign nobody in once they are deleted', async () => {
    const person = await withPasskey();
    const [{ id }] = (await call('GET', '/user/passkeys', { session: person.session })).body.data;
    const other = await openSession(test.database, await createPerson(test.database));
    assert.equal((await call('DELETE', `/user/passkeys/${id}`, { session: other })).status, 404);
    assert.equal((await call('DELETE', `/user/passkeys/${id}`, { session: person.session })).status, 200);
    assert.equal((await signIn(person.device)).status, 401);
  });

  it('are not offered at an IP address, for which browsers make none', async () => {
    const answer = await call('POST', '/auth/passkey/options', { headers: { host: '127.0.0.1:8080' } });
    assert.equal(answer.body.code, 'not_available');
  });
});
