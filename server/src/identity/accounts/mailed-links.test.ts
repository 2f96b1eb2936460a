import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { openSession, startTestApp, type TestApp, testConfig, waitFor } from '../../../test/harness.ts';
import { type MailSink, type ReceivedMail, startMailSink } from '../../../test/mail-sink.ts';
import { cookieOf, createPerson, PASSWORD, secretIn } from '../../../test/people.ts';
import { NEW_PASSWORD, signInsOf } from '../../../test/sign-in.ts';

const PUBLIC_URL = 'http://cloud.example.org:8080';

describe('links in mails, as a mail server gets them', () => {
  let sink: MailSink;
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    sink = await startMailSink();
    test = await startTestApp({
      config: testConfig({ ...sink.settings, DANUBE_PUBLIC_URL: PUBLIC_URL, DANUBE_REGISTRATION: 'open' }),
    });
    call = createApiClient(test.app.http, null);
  });
  after(async () => {
    await test?.close();
    await sink?.close();
  });

  const { post, signIn } = signInsOf((method, path, options) =>
    call(method, path, { ...options, headers: { origin: PUBLIC_URL, ...options?.headers } }),
  );

  /** The mail to this address with this in its subject, whose text and HTML have the same link to that page. */
  async function mailTo(address: string, subject: RegExp, page: string): Promise<ReceivedMail> {
    const mail = await waitFor(`a mail to ${address}`, async () =>
      sink.received.find(({ to, headers }) => to.includes(address) && subject.test(headers.get('subject')!)),
    );
    const url = `${PUBLIC_URL}${page}#${secretIn(mail)}`;
    assert.ok(mail.text.includes(url) && mail.html.includes(`href="${url}"`), mail.text);
    return mail;
  }

  it('confirm an address once', async () => {
    const email = 'ada@example.org';
    assert.equal((await post('/auth/register', { email, name: 'Ada', password: PASSWORD })).status, 200);
    const secret = secretIn(await mailTo(email, /address/i, '/account/email'));
    assert.equal((await signIn(email)).status, 401);
    assert.equal((await post('/auth/email', { secret })).status, 200);
    assert.equal((await signIn(email)).status, 200);
    assert.equal((await post('/auth/email', { secret })).body.code, 'link_invalid');
  });

  it('set a new password once', async () => {
    const { email } = await createPerson(test.database);
    assert.equal((await post('/auth/password-reset', { email })).status, 200);
    const secret = secretIn(await mailTo(email, /password/i, '/account/password'));
    assert.equal((await post('/auth/password', { secret, password: NEW_PASSWORD })).status, 200);
    assert.equal((await post('/auth/password', { secret, password: PASSWORD })).body.code, 'link_invalid');
    assert.equal((await signIn(email, NEW_PASSWORD)).status, 200);
  });

  it('invite to a team, which they show beforehand, and which only who was invited joins', async () => {
    const owner = await openSession(test.database, await createPerson(test.database));
    const [grace, eve] = [await createPerson(test.database), await createPerson(test.database)];
    const headers = { origin: PUBLIC_URL };
    const body = { email: grace.email, role: 'editor' };
    const invited = await call('POST', '/team/invitations', { session: owner, headers, body });
    assert.deepEqual([invited.status, invited.body.code, invited.body.url], [201, null, null]);
    const code = secretIn(await mailTo(grace.email, /Invitation/, '/invitation'));
    const shown = await post('/auth/invitation', { code });
    assert.deepEqual([shown.status, shown.body.role, shown.body.email], [200, 'editor', grace.email]);
    const accept = async ({ email }: { email: string }) =>
      call('POST', '/user/invitations/accept', {
        session: cookieOf(await signIn(email))!,
        headers,
        body: { code },
      });
    assert.equal((await accept(eve)).status, 404);
    const accepted = await accept(grace);
    assert.deepEqual([accepted.status, accepted.body.team_name], [200, shown.body.team_name]);
    assert.equal((await accept(grace)).status, 404, 'it is used up');
    assert.equal((await post('/auth/invitation', { code })).body.code, 'link_invalid');
  });

  it('invite strangers by mail only so often, however many invitations are withdrawn', async () => {
    const owner = await openSession(test.database, await createPerson(test.database));
    const invite = (body: object) =>
      call('POST', '/team/invitations', { session: owner, headers: { origin: PUBLIC_URL }, body });
    const first = await invite({ email: 'one@example.org', role: 'viewer' });
    assert.equal(first.status, 201);
    await test.database.pool.query(
      `insert into events (team_id, resource_type, resource_id, type, severity, reason, message, payload)
       select team_id, resource_type, resource_id, type, severity, reason, message, payload
       from events, generate_series(1, 49) where team_id = $1 and type = 'team.invitation_sent'`,
      [first.body.invitation.team_id],
    );
    const refused = await invite({ email: 'two@example.org', role: 'viewer' });
    assert.deepEqual([refused.status, refused.body.code], [429, 'rate_limited']);
    assert.equal((await invite({ role: 'viewer' })).status, 201, 'a link is mailed to nobody');
  });
});
