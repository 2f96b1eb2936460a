import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { openSession, waitFor } from '../../../test/harness.ts';
import { cookieOf, createPerson, PASSWORD, secretIn, startMailingApp } from '../../../test/people.ts';
import { signInsOf } from '../../../test/sign-in.ts';

describe('registration, and what is sent by e-mail', () => {
  let mailing: Awaited<ReturnType<typeof startMailingApp>>;
  let call: ApiClient;
  before(async () => {
    mailing = await startMailingApp({ DANUBE_REGISTRATION: 'open' });
    call = createApiClient(mailing.test.app.http, null);
  });
  after(() => mailing?.test.close());

  const { post, signIn } = signInsOf((...request) => call(...request));
  const register = (email: string) => post('/auth/register', { email, name: 'Ada', password: PASSWORD });
  const database = () => mailing.test.database;

  it('opens an account with a team, which can sign in once its address is confirmed', async () => {
    const email = 'Ada@example.org';
    assert.equal((await register(email)).status, 200);
    const letter = await mailing.lastLetterTo(email);
    assert.match(letter.text, /http:\/\/127\.0\.0\.1:0\/account\/email#/);
    assert.match((await signIn(email)).body.message, /link that was sent/);
    const secret = secretIn(letter);
    const answers = await Promise.all([post('/auth/email', { secret }), post('/auth/email', { secret })]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422]);
    const session = cookieOf(await signIn('ada@example.org'))!;
    const { body } = await call('GET', '/user/teams', { session });
    assert.deepEqual([body.data.length, body.data[0].personal_team], [1, true]);
  });

  it('answers the same for an address that has an account, and tells only its owner', async () => {
    const person = await createPerson(database());
    const known = await register(person.email.toLowerCase());
    const unknown = await register('somebody-new@example.org');
    assert.deepEqual({ ...known.body, request_id: '' }, { ...unknown.body, request_id: '' });
    const letter = await mailing.lastLetterTo(person.email);
    assert.match(letter.subject, /have an account already/);
    assert.ok(!letter.text.includes('#'), 'no link that does anything');
    assert.equal((await signIn(person.email)).status, 200, 'and nothing was changed');
    await mailing.lastLetterTo('somebody-new@example.org');
  });

  it('opens one account for two requests at once', async () => {
    const email = 'twice@example.org';
    await Promise.all([register(email), register(email.toUpperCase()), register(email)]);
    const rows = await waitFor('what was sent', async () => {
      const { rows } = await database().pool.query(
        "select from mails where lower(to_address) = 'twice@example.org'",
      );
      return rows.length === 3 && rows;
    });
    assert.equal(rows.length, 3);
    const { rows: users } = await database().pool.query(
      "select from users where email_key = 'twice@example.org'",
    );
    assert.equal(users.length, 1);
  });

  it('refuses what is no address, and passwords that are easy to guess', async () => {
    for (const email of [
      '',
      'ada',
      'a@b@c',
      'ada@exa mple.org',
      'ада@example.org',
      `a@example.org\nBcc: x@y`,
    ])
      assert.ok((await register(email)).body.errors?.email, email);
    const weak = await post('/auth/register', { email: 'a@example.org', name: 'Ada', password: 'short' });
    assert.ok(weak.body.errors.password);
  });

  it('sends a link for a new password to the address of the account alone, and says nothing of it', async () => {
    const person = await createPerson(database());
    const known = await post('/auth/password-reset', { email: person.email.toUpperCase() });
    const unknown = await post('/auth/password-reset', { email: 'nobody@example.org' });
    assert.deepEqual({ ...known.body, request_id: '' }, { ...unknown.body, request_id: '' });
    const session = await openSession(database(), person);
    const secret = secretIn(await mailing.lastLetterTo(person.email));
    const set = await post('/auth/password', { secret, password: 'staple battery horse' });
    assert.equal(set.status, 200);
    assert.equal((await call('POST', '/auth/sign-out', { session })).status, 401, 'sessions have ended');
    assert.equal((await signIn(person.email, 'staple battery horse')).status, 200);
    assert.match((await mailing.lastLetterTo(person.email, 2)).subject, /password was changed/);
    assert.deepEqual(await mailing.lettersTo('nobody@example.org'), []);
  });

  it('fills nobody’s mailbox, and answers as before', async () => {
    const person = await createPerson(database());
    for (let count = 0; count < 6; count++)
      assert.equal((await post('/auth/password-reset', { email: person.email })).status, 200);
    await mailing.lastLetterTo(person.email, 3);
    // Later than all of these, and after which nothing is under way.
    await post('/auth/password-reset', { email: 'Ada@example.org' });
    await mailing.lastLetterTo('Ada@example.org', 2);
    assert.equal((await mailing.lettersTo(person.email)).length, 3);
    const remoteAddress = '203.0.113.250';
    const statuses = [];
    for (let count = 0; count < 22; count++)
      statuses.push(
        (await post('/auth/password-reset', { email: `x${count}@y.org` }, { remoteAddress })).status,
      );
    assert.deepEqual(statuses.slice(19), [200, 429, 429]);
  });

  it('changes the address once the link in the new mailbox is opened', async () => {
    const person = await createPerson(database());
    const session = await openSession(database(), person);
    const former = await post('/auth/password-reset', { email: person.email });
    assert.equal(former.status, 200);
    const reset = secretIn(await mailing.lastLetterTo(person.email));
    const email = `New-${person.accountId}@example.org`;
    const asked = await call('PUT', '/user/email', { session, body: { email } });
    assert.equal(asked.status, 200);
    assert.equal((await signIn(person.email)).status, 200, 'until then it has the present one');
    const secret = secretIn(await mailing.lastLetterTo(email));
    assert.equal((await post('/auth/email', { secret })).status, 200);
    assert.equal((await signIn(person.email)).status, 401);
    assert.equal((await signIn(email)).status, 200);
    assert.match((await mailing.lastLetterTo(person.email, 2)).text, new RegExp(email));
    const late = await post('/auth/password', { secret: reset, password: 'staple battery horse' });
    assert.equal(late.body.code, 'link_invalid', 'links to the former address do nothing');
  });

  it('does not tell which addresses have accounts when one is to become another’s', async () => {
    const [person, other] = [await createPerson(database()), await createPerson(database())];
    const session = await openSession(database(), person);
    const taken = await call('PUT', '/user/email', { session, body: { email: other.email } });
    const free = await call('PUT', '/user/email', { session, body: { email: 'free@example.org' } });
    assert.deepEqual({ ...taken.body, request_id: '' }, { ...free.body, request_id: '' });
    assert.ok(!(await mailing.lastLetterTo(other.email)).text.includes('#'));
  });

  it('deletes an account whose teams nobody needs, with all that acts for it', async () => {
    const person = await createPerson(database());
    const session = await openSession(database(), person);
    const key = { name: 'laptop', public_key: `ssh-ed25519 ${ED25519}` };
    const made = await call('POST', '/ssh-keys', { session, body: key });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const refused = await call('DELETE', '/user', { session });
    assert.equal(refused.body.code, 'invalid_state');
    await call('DELETE', `/ssh-keys/${made.body.key.id}`, { session });
    const deleted = await call('DELETE', '/user', { session });
    assert.equal(deleted.status, 200, JSON.stringify(deleted.body));
    assert.equal((await call('POST', '/auth/sign-out', { session })).status, 401);
    assert.equal((await signIn(person.email)).status, 401);
    const { rows } = await database().pool.query('select u::text as row from users u where id = $1', [
      person.accountId,
    ]);
    assert.ok(!rows[0].row.includes('Person-'));
  });
});

const ED25519 = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

describe('registration by invitation', () => {
  let mailing: Awaited<ReturnType<typeof startMailingApp>>;
  let call: ApiClient;
  let inviter: string;
  before(async () => {
    mailing = await startMailingApp();
    call = createApiClient(mailing.test.app.http, null);
    inviter = await openSession(mailing.test.database, await createPerson(mailing.test.database));
  });
  after(() => mailing?.test.close());

  const invite = async (body: object) => {
    const answer = await call('POST', '/team/invitations', { session: inviter, body });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  };
  const register = (email: string, invitation?: string) =>
    call('POST', '/auth/register', { body: { email, name: 'Ada', password: PASSWORD, invitation } });
  const signIn = (email: string) => call('POST', '/auth/sign-in', { body: { email, password: PASSWORD } });
  const teamsOf = async (session: string): Promise<unknown[]> =>
    (await call('GET', '/user/teams', { session })).body.data;

  it('opens an account for the address that was invited, which can sign in at once and is in the team', async () => {
    await invite({ email: 'ada@example.org', role: 'viewer' });
    const code = secretIn(await mailing.lastLetterTo('ada@example.org'));
    assert.equal((await register('ada@example.org')).body.code, 'not_available');
    assert.equal((await register('ada@example.org', 'x'.repeat(48))).body.code, 'link_invalid');
    assert.equal((await register('other@example.org', code)).body.code, 'link_invalid');
    assert.equal((await register('Ada@example.org', code)).status, 200);
    const signedIn = await waitFor('the account', async () => {
      const answer = await signIn('ada@example.org');
      return answer.status === 200 && answer;
    });
    assert.equal((await teamsOf(cookieOf(signedIn)!)).length, 2);
    assert.equal((await register('ada@example.org', code)).body.code, 'link_invalid', 'it is used up');
  });

  it('lets who has a link confirm the address first', async () => {
    const { code } = await invite({ role: 'editor' });
    assert.equal((await register('grace@example.org', code)).status, 200);
    const letter = await mailing.lastLetterTo('grace@example.org');
    assert.match((await signIn('grace@example.org')).body.message, /link that was sent/);
    const confirmed = await call('POST', '/auth/email', { body: { secret: secretIn(letter) } });
    assert.equal(confirmed.status, 200);
    assert.equal((await teamsOf(cookieOf(await signIn('grace@example.org'))!)).length, 2);
  });
});
