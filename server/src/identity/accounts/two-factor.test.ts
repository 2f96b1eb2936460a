import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TOTP } from 'otpauth';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { openSession, startTestApp, type TestApp, testConfig } from '../../../test/harness.ts';
import { cookieOf, createPerson, PASSWORD, type Person } from '../../../test/people.ts';
import { signInsOf } from '../../../test/sign-in.ts';

describe('codes of an authenticator app', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
    call = createApiClient(test.app.http, null);
  });
  after(() => test?.close());

  /** The step of the clock may end at any moment, so codes are told apart by how far from now they are. */
  const codeOf = (app: TOTP, steps = 0): string => app.generate({ timestamp: Date.now() + steps * 30_000 });

  /** An account that is asked for codes. The code of the step before the present one was used to confirm it. */
  async function withCodes(): Promise<Person & { app: TOTP; session: string; recovery: string[] }> {
    const person = await createPerson(test.database);
    const session = await openSession(test.database, person);
    const begun = await call('POST', '/user/two-factor', { session });
    assert.equal(begun.status, 200);
    assert.match(begun.body.uri, /^otpauth:\/\/totp\/Danube:/);
    const app = new TOTP({ secret: begun.body.secret, algorithm: 'SHA1', digits: 6, period: 30 });
    assert.equal(
      (await call('POST', '/user/two-factor/confirm', { session, body: { code: '000000' } })).status,
      422,
    );
    const body = { code: codeOf(app, -1) };
    const confirmed = await call('POST', '/user/two-factor/confirm', { session, body });
    assert.equal(confirmed.status, 200);
    return { ...person, app, session, recovery: confirmed.body.recovery_codes };
  }

  const { signIn } = signInsOf((...request) => call(...request));
  async function challengeOf({ email }: Person): Promise<string> {
    const answer = await signIn(email);
    assert.deepEqual([answer.status, answer.body.status], [200, 'two_factor_required']);
    assert.equal(answer.headers['set-cookie'], undefined, 'the password alone begins no session');
    return answer.body.challenge;
  }
  const give = (challenge: string, code: string) =>
    call('POST', '/auth/two-factor', { body: { challenge, code } });

  it('are asked for after the password, and each is taken once', async () => {
    const person = await withCodes();
    const code = codeOf(person.app);
    const [first, second] = [await challengeOf(person), await challengeOf(person)];
    const signedIn = await give(first, code);
    assert.deepEqual([signedIn.status, signedIn.body.account_id], [200, person.accountId]);
    assert.equal((await call('GET', '/user', { session: cookieOf(signedIn)! })).body.id, person.accountId);
    const replayed = await give(second, code);
    assert.deepEqual([replayed.status, replayed.headers['set-cookie']], [401, undefined]);
    assert.equal((await give(first, codeOf(person.app, 1))).status, 401, 'the challenge was used');
    assert.equal((await give(second, codeOf(person.app, 1))).status, 200);
    assert.equal((await give(await challengeOf(person), code)).status, 401, 'nor any code before');
  });

  it('count once if they are sent at the same moment', async () => {
    const person = await withCodes();
    const challenges = [];
    for (let index = 0; index < 4; index++) challenges.push(await challengeOf(person));
    const code = codeOf(person.app);
    const answers = await Promise.all(challenges.map((challenge) => give(challenge, code)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401, 401]);
    const [recovery] = person.recovery;
    const rest = challenges.filter((_, index) => answers[index]!.status === 401);
    const byRecovery = await Promise.all(rest.map((challenge) => give(challenge, recovery!)));
    assert.deepEqual(byRecovery.map(({ status }) => status).sort(), [200, 401, 401]);
  });

  it('are replaced by recovery codes, each once, of which only hashes are stored', async () => {
    const person = await withCodes();
    assert.equal(new Set(person.recovery).size, 10);
    const { rows } = await test.database.pool.query(
      'select u::text as row from users u union all select r::text from recovery_codes r',
    );
    const stored = JSON.stringify(rows);
    for (const secret of [person.app.secret.base32, ...person.recovery]) assert.ok(!stored.includes(secret));
    assert.equal((await give(await challengeOf(person), person.recovery[0]!)).status, 200);
    assert.equal((await give(await challengeOf(person), person.recovery[0]!)).status, 401);
    const shown = await call('GET', '/user/two-factor', { session: person.session });
    assert.deepEqual(shown.body, { enabled: true, recovery_codes_left: 9 });
    const renewed = await call('POST', '/user/two-factor/recovery-codes', { session: person.session });
    assert.equal((await give(await challengeOf(person), person.recovery[1]!)).status, 401);
    assert.equal((await give(await challengeOf(person), renewed.body.recovery_codes[0])).status, 200);
  });

  it('cannot be guessed: five in one sign-in, ten in a while', async () => {
    const person = await withCodes();
    const challenge = await challengeOf(person);
    for (let index = 0; index < 5; index++) assert.equal((await give(challenge, '000000')).status, 401);
    assert.equal((await give(challenge, codeOf(person.app))).status, 401, 'the sign-in is over');
    const next = await challengeOf(person);
    for (let index = 0; index < 5; index++) assert.equal((await give(next, '000000')).status, 401);
    const late = await give(await challengeOf(person), codeOf(person.app));
    assert.equal(late.status, 429);
  });

  it('are of the account that gave its password', async () => {
    const [one, other] = [await withCodes(), await withCodes()];
    assert.equal((await give(await challengeOf(one), codeOf(other.app))).status, 401);
    assert.equal((await give(await challengeOf(one), other.recovery[0]!)).status, 401);
    assert.equal((await give('x'.repeat(48), codeOf(one.app))).status, 401);
  });

  it('are not asked for before the app was confirmed, nor after they were turned off', async () => {
    const person = await createPerson(test.database);
    const session = await openSession(test.database, person);
    const status = async () => {
      const body = { email: person.email, password: PASSWORD };
      return (await call('POST', '/auth/sign-in', { body })).body.status;
    };
    await call('POST', '/user/two-factor', { session });
    assert.equal(await status(), 'signed_in');
    const enabled = await withCodes();
    assert.equal((await call('POST', '/user/two-factor', { session: enabled.session })).status, 422);
    assert.equal((await call('DELETE', '/user/two-factor', { session: enabled.session })).status, 200);
    const body = { email: enabled.email, password: PASSWORD };
    assert.equal((await call('POST', '/auth/sign-in', { body })).body.status, 'signed_in');
  });

  it('change only with a recent proof', async () => {
    const person = await withCodes();
    await test.database.pool.query("update sessions set proved_at = now() - interval '11 minutes'");
    const requests: [method: string, path: string][] = [
      ['DELETE', '/user/two-factor'],
      ['POST', '/user/two-factor'],
      ['POST', '/user/two-factor/recovery-codes'],
      ['POST', '/user/passkeys/options'],
      ['DELETE', '/user'],
    ];
    for (const [method, path] of requests) {
      const answer = await call(method, path, { session: person.session });
      assert.equal(answer.body.code, 'proof_required', `${method} ${path}`);
    }
  });
});
