import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createApiClient } from '../../test/api-client.ts';
import { startTestApp, type TestApp, testConfig, waitFor } from '../../test/harness.ts';
import { createPerson, PASSWORD } from '../../test/people.ts';
import { UsageError } from './failure.ts';
import { runCommand } from './run-command.ts';

describe('danube account', () => {
  let test: TestApp;
  const environment = { ...process.env };
  before(async () => {
    test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
    process.env.DATABASE_URL = test.database.url;
    process.env.DANUBE_PUBLIC_URL = 'https://cloud.example.org';
  });
  after(async () => {
    process.env = environment;
    await test?.close();
  });

  /** What the command prints on standard output. */
  async function run(...args: string[]): Promise<string> {
    const { write } = process.stdout;
    const written: string[] = [];
    // The test runner writes there, too, but no text.
    process.stdout.write = ((chunk: unknown, ...rest: []) =>
      typeof chunk === 'string'
        ? written.push(chunk) > 0
        : write.call(process.stdout, chunk as Uint8Array, ...rest)) as typeof write;
    try {
      assert.equal(await runCommand(['account', ...args]), 0);
    } finally {
      process.stdout.write = write;
    }
    return written.join('');
  }

  const call = (path: string, body: object) => createApiClient(test.app.http, null)('POST', path, { body });

  it('opens an account, whose password is set by the link that it prints', async () => {
    const link = await run('create', 'Ada@example.org', '--name', 'Ada');
    const secret = /^https:\/\/cloud\.example\.org\/account\/password#(\w{48})\n$/.exec(link)?.[1];
    assert.ok(secret, link);
    assert.equal((await call('/auth/password', { secret, password: PASSWORD })).status, 200);
    const body = { email: 'ada@example.org', password: PASSWORD };
    assert.equal((await call('/auth/sign-in', body)).body.status, 'signed_in');
    assert.match(await run('list'), /\tAda@example\.org\tAda\tfree\tactive\tpassword\n/);
    await assert.rejects(run('create', 'ADA@example.org'), UsageError);
    await assert.rejects(run('create', 'ada'), /no e-mail address/);
  });

  it('gives the first account a link, and somebody who has lost a password another one', async () => {
    const person = await createPerson(test.database);
    const link = await run('link', person.email.toUpperCase());
    const secret = link.trim().split('#')[1]!;
    assert.equal((await call('/auth/password', { secret, password: 'staple battery horse' })).status, 200);
    await assert.rejects(run('link', 'nobody@example.org'), /no account nobody@example\.org/);
    assert.match(test.app.firstLink!, /\/account\/password#\w{48}$/);
    const first = { secret: test.app.firstLink!.split('#')[1], password: PASSWORD };
    assert.equal((await call('/auth/password', first)).status, 200);
    const signedIn = await call('/auth/sign-in', { email: 'admin@localhost', password: PASSWORD });
    assert.equal(signedIn.body.status, 'signed_in');
    assert.equal((await call('/auth/password', first)).body.code, 'link_invalid');
  });

  it('disables an account with its sessions and tokens, until it is enabled', async () => {
    const person = await test.database.db
      .selectFrom('users')
      .select('email')
      .where('id', '=', test.team.accountId)
      .executeTakeFirstOrThrow();
    const byToken = createApiClient(test.app.http, test.team.token);
    const statusOf = async () => (await byToken('GET', '/user')).status;
    assert.equal(await statusOf(), 200);
    await run('disable', person.email);
    await waitFor('its token to stop', async () => (await statusOf()) === 401);
    await assert.rejects(run('link', person.email), /disabled/);
    await run('enable', person.email);
    await waitFor('its token to work', async () => (await statusOf()) === 200);
  });

  it('asks for no codes any more after reset-two-factor', async () => {
    const person = await createPerson(test.database);
    const codes = { totp_enabled_at: new Date(), totp_sealed: Buffer.alloc(1) };
    await test.database.db.updateTable('users').set(codes).where('id', '=', person.accountId).execute();
    const signIn = async () => {
      const answer = await call('/auth/sign-in', { email: person.email, password: PASSWORD });
      return answer.body.status;
    };
    assert.equal(await signIn(), 'two_factor_required');
    await run('reset-two-factor', person.email);
    assert.equal(await signIn(), 'signed_in');
  });
});
