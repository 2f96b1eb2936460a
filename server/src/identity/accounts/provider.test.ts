import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { openSession, startTestApp, type TestApp, testConfig } from '../../../test/harness.ts';
import { type Known, startProvider, type TestProvider } from '../../../test/oidc.ts';
import { cookieOf, createPerson } from '../../../test/people.ts';
import { PROVIDER_PAGE } from './provider.ts';

/** Where the pages are that the tests send requests from. */
const ORIGIN = 'http://localhost';

describe('signing in by an OpenID Connect provider', () => {
  const people = new Map<string, Known>();
  let provider: TestProvider;
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    provider = await startProvider(`${ORIGIN}${PROVIDER_PAGE}`, people);
    const config = testConfig({ ...provider.settings, DANUBE_ROLE: 'api', DANUBE_REGISTRATION: 'open' });
    test = await startTestApp({ config });
    call = createApiClient(test.app.http, null);
  });
  after(async () => {
    await test?.close();
    await provider?.close();
  });

  /** Begins in a browser. Returns where it goes, and the cookie that it gets. */
  async function begin() {
    const answer = await call('POST', '/auth/provider');
    assert.equal(answer.status, 200);
    assert.match(
      String(answer.headers['set-cookie']),
      /^danube_sign_in=\w{48}; Path=\/; Max-Age=600; HttpOnly/,
    );
    return { url: answer.body.url as string, cookie: cookieOf(answer)! };
  }
  const finish = (body: Record<string, string>, cookie?: string) =>
    call('POST', '/auth/provider/finish', {
      body,
      ...(cookie ? { headers: { cookie, origin: ORIGIN } } : {}),
    });

  async function signIn(subject: string) {
    const { url, cookie } = await begin();
    return finish(await provider.signIn(url, subject), cookie);
  }

  it('opens an account for a verified address, and finds it again', async () => {
    people.set('ada', { email: 'ada@sso.example', email_verified: true, name: 'Ada' });
    const first = await signIn('ada');
    assert.deepEqual([first.status, first.body.status], [200, 'signed_in'], JSON.stringify(first.body));
    const session = String(first.headers['set-cookie']).match(/danube_session=\w{48}/)![0];
    const shown = await call('GET', '/user', { session });
    assert.deepEqual([shown.body.email, shown.body.name], ['ada@sso.example', 'Ada']);
    people.set('ada', { email: 'moved@sso.example', email_verified: true });
    const again = await signIn('ada');
    assert.equal(again.body.account_id, first.body.account_id, 'the subject counts, not the address');
    const { body } = await call('GET', '/user/identities', { session });
    assert.deepEqual([body.data.length, body.data[0].issuer], [1, provider.issuer]);
  });

  it('sends state, nonce and a challenge of PKCE, and asks for nothing but a code', async () => {
    const { searchParams } = new URL((await begin()).url);
    assert.equal(searchParams.get('response_type'), 'code');
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.equal(searchParams.get('redirect_uri'), `${ORIGIN}${PROVIDER_PAGE}`);
    for (const name of ['state', 'nonce', 'code_challenge'])
      assert.ok(searchParams.get(name)!.length >= 43, name);
  });

  it('never takes over an account because of its address', async () => {
    const person = await createPerson(test.database);
    for (const verified of [true, false]) {
      people.set(`thief-${verified}`, { email: person.email.toUpperCase(), email_verified: verified });
      const answer = await signIn(`thief-${verified}`);
      assert.deepEqual([answer.status, answer.body.code], [401, 'sign_in_failed']);
      assert.ok(!String(answer.headers['set-cookie']).includes('danube_session'));
    }
    people.set('nobody', {});
    assert.equal((await signIn('nobody')).status, 401);
    const rows = await test.database.db.selectFrom('identities').select('user_id').execute();
    assert.ok(rows.every(({ user_id }) => user_id !== person.accountId));
  });

  it('is added to an account by who is signed in to it, with a recent proof', async () => {
    const person = await createPerson(test.database);
    const session = await openSession(test.database, person);
    people.set('grace', { email: person.email, email_verified: true });
    await test.database.pool.query("update sessions set proved_at = now() - interval '11 minutes'");
    assert.equal((await call('POST', '/user/identities/begin', { session })).body.code, 'proof_required');
    await test.database.pool.query('update sessions set proved_at = now()');
    const begun = await call('POST', '/user/identities/begin', { session });
    const added = await finish(await provider.signIn(begun.body.url, 'grace'), cookieOf(begun));
    assert.equal(added.body.account_id, person.accountId);
    assert.equal((await signIn('grace')).body.account_id, person.accountId);

    const other = await createPerson(test.database);
    const taken = await call('POST', '/user/identities/begin', {
      session: await openSession(test.database, other),
    });
    const refused = await finish(await provider.signIn(taken.body.url, 'grace'), cookieOf(taken));
    assert.equal(refused.status, 401);

    const [{ id }] = (await call('GET', '/user/identities', { session })).body.data;
    assert.equal((await call('DELETE', `/user/identities/${id}`, { session })).status, 200);
    assert.equal((await signIn('grace')).status, 401);
  });

  it('asks for a code where the account does', async () => {
    people.set('careful', { email: 'careful@sso.example', email_verified: true });
    const { body } = await signIn('careful');
    await test.database.db
      .updateTable('users')
      .set({ totp_enabled_at: new Date(), totp_sealed: Buffer.alloc(1) })
      .where('id', '=', body.account_id)
      .execute();
    const answer = await signIn('careful');
    assert.equal(answer.body.status, 'two_factor_required');
    assert.ok(!String(answer.headers['set-cookie']).includes('danube_session'));
  });

  it('takes an answer once, from the browser that asked, and with its state', async () => {
    people.set('linus', { email: 'linus@sso.example', email_verified: true });
    const mine = await begin();
    const answer = await provider.signIn(mine.url, 'linus');
    const strange = await begin();
    const attempts: [Record<string, string>, string | undefined][] = [
      [answer, undefined],
      [answer, 'danube_sign_in=x'],
      [answer, strange.cookie],
    ];
    for (const [body, cookie] of attempts) {
      const refused = await finish(body, cookie);
      assert.deepEqual([refused.status, refused.body.code], [401, 'sign_in_failed']);
    }
    const { state: _state, ...without } = answer;
    for (const wrong of [
      { ...answer, state: 'x' },
      without,
      { error: 'access_denied', state: answer.state! },
    ]) {
      const again = await begin();
      assert.equal((await finish(wrong, again.cookie)).status, 401);
    }
    assert.equal((await finish(answer, mine.cookie)).status, 200);
    assert.equal((await finish(answer, mine.cookie)).status, 401, 'nor again');
  });

  it('says so when the provider does not answer', async () => {
    const away = await startTestApp({
      config: testConfig({ ...provider.settings, OIDC_ISSUER: 'http://127.0.0.1:1', DANUBE_ROLE: 'api' }),
    });
    try {
      const answer = await createApiClient(away.app.http, null)('POST', '/auth/provider');
      assert.deepEqual([answer.status, answer.body.reason], [503, 'provider_unreachable']);
    } finally {
      await away.close();
    }
  });
});
