import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TSchema } from 'typebox';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { createTestDatabase } from '../../../test/database.ts';
import {
  createTeam,
  issueToken,
  joinTeam,
  startTestApp,
  type TestApp,
  type TestTeam,
  testConfig,
  waitFor,
} from '../../../test/harness.ts';
import { type MailSink, startMailSink } from '../../../test/mail-sink.ts';
import type { EventType } from '../../events/catalogue.ts';
import { readLatest, record } from '../../events/store.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { createSecretBox } from '../../lib/crypto.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { createMailer } from '../../mail/mailer.ts';
import { vpsEvents } from '../vps/events.ts';
import { sendDigests } from './digests.ts';
import { notifyMembers } from './fan-out.ts';
import { PreferenceService } from './preference-service.ts';
import { nextDigest } from './preferences.ts';

const KEY = Buffer.alloc(32, 9);
const MAIL = { SMTP_URL: 'smtp+plain://127.0.0.1', DANUBE_MAIL_FROM: 'cloud@example.com' };
const FAILURE = { operation: 'start', error: { code: 'internal', message: 'It broke.', retryable: false } };

describe('notifications', () => {
  let test: TestApp;
  let sink: MailSink;
  before(async () => {
    sink = await startMailSink();
    test = await startTestApp({
      config: testConfig(sink.settings),
      secretKey: KEY,
      still: ['notification-digests'],
    });
  });
  after(async () => {
    await test?.close();
    await sink?.close();
  });

  /** A member of a team, with a client. */
  async function newMember(team?: TestTeam) {
    const own = await createTeam(test.database);
    const member = team ? { ...own, teamId: team.teamId } : own;
    const token = team ? await joinTeam(test.database, own.accountId, team.teamId) : own.token;
    const { email } = await test.database.db
      .selectFrom('users')
      .select('email')
      .where('id', '=', own.accountId)
      .executeTakeFirstOrThrow();
    const call: ApiClient = (method, path, options = {}) =>
      createApiClient(test.app.http, token)(method, path, options);
    return { ...member, email, call };
  }

  const write = <P extends TSchema>(
    teamId: number,
    type: EventType<P>,
    payload: object,
    resourceId = uuidv7(),
  ) =>
    test.database.transaction((tx) =>
      record(tx, type, { teamId, resourceType: 'vps', resourceId }, payload as never),
    );

  /** Waits until everything that has happened was told. */
  const told = async () => {
    const latest = await readLatest(test.database);
    await waitFor('all events to be told', async () => {
      const { position } = await test.database.db
        .selectFrom('notification_progress')
        .select('position')
        .executeTakeFirstOrThrow();
      return position >= latest;
    });
  };
  const mailsTo = (email: string) => sink.received.filter(({ to }) => to.includes(email));
  const mailSent = (email: string, count: number) =>
    waitFor(`${count} mails to ${email}`, async () => mailsTo(email).length >= count && mailsTo(email));

  it('tells each member of a team what happened, and mails what needs somebody', async () => {
    const ada = await newMember();
    const bob = await newMember(ada);
    const stranger = await newMember();
    const id = uuidv7();
    await write(ada.teamId, vpsEvents.requested, { operation: 'create' }, id);
    await write(ada.teamId, vpsEvents.created, {}, id);
    await write(ada.teamId, vpsEvents.failed, FAILURE, id);
    await told();
    for (const { call, accountId, teamId } of [ada, bob]) {
      const { body } = await call('GET', '/notifications');
      assert.deepEqual(
        body.data.map((one: Record<string, unknown>) => [one.type, one.category, one.severity]),
        [
          ['vps.failed', 'resource_failed', 'critical'],
          ['vps.created', 'resource_provisioned', 'info'],
        ],
      );
      const [failed] = body.data;
      assert.deepEqual(
        [failed.notifiable_id, failed.team_id, failed.resource_id, failed.data.message, failed.read_at],
        [accountId, teamId, id, 'start failed: It broke.', null],
      );
      assert.deepEqual([body.total, body.unread_count, body.next_page_url], [2, 2, null]);
    }
    for (const { email } of [ada, bob]) {
      const [mail, ...others] = await mailSent(email, 1);
      assert.deepEqual(others, []);
      assert.equal(mail!.headers.get('subject'), `[Danube] Warning: server ${id}`);
      assert.match(mail!.text, /start failed: It broke\./);
    }
    assert.deepEqual((await stranger.call('GET', '/notifications')).body.data, []);
    assert.deepEqual(mailsTo(stranger.email), []);
  });

  it('is read, unread and deleted by one account alone', async () => {
    const ada = await newMember();
    const bob = await newMember(ada);
    for (let count = 0; count < 3; count++) await write(ada.teamId, vpsEvents.created, {});
    await told();
    const page = (await ada.call('GET', '/notifications?per_page=2')).body;
    assert.deepEqual([page.data.length, page.last_page, page.total], [2, 2, 3]);
    assert.match(page.next_page_url, /\/api\/v1\/notifications\?page=2&per_page=2$/);
    const [{ id }] = page.data;
    const read = await ada.call('PATCH', `/notifications/${id}/read`);
    assert.ok(read.body.notification.read_at);
    assert.deepEqual((await ada.call('GET', '/notifications/unread-count')).body, { count: 2 });
    assert.equal((await ada.call('GET', '/notifications?unread=true')).body.total, 2);
    assert.equal((await ada.call('GET', '/notifications?category=resource_failed')).body.total, 0);
    for (const [method, path] of [
      ['PATCH', `/notifications/${id}/read`],
      ['DELETE', `/notifications/${id}`],
      ['DELETE', '/notifications/none'],
    ] as const) {
      assert.equal((await bob.call(method, path)).status, 404, path);
    }
    assert.deepEqual((await ada.call('POST', '/notifications/mark-all-read')).body.count, 2);
    assert.equal((await ada.call('DELETE', `/notifications/${id}`)).status, 200);
    assert.equal((await ada.call('DELETE', `/notifications/${id}`)).status, 404);
    assert.equal((await ada.call('GET', '/notifications')).body.total, 2);
    assert.deepEqual((await bob.call('GET', '/notifications/unread-count')).body, { count: 3 });
  });

  it('shows a token only what it may read', async () => {
    const ada = await newMember();
    await write(ada.teamId, vpsEvents.created, {});
    await told();
    const blind = { token: await issueToken(test.database.db, ada, ['database:read']) };
    const { body } = await ada.call('GET', '/notifications', blind);
    assert.deepEqual([body.data, body.total, body.unread_count], [[], 0, 0]);
    assert.equal((await ada.call('POST', '/notifications/mark-all-read', blind)).body.count, 0);
    assert.equal((await ada.call('GET', '/notifications')).body.unread_count, 1);
  });

  it('goes where the account has chosen, at once or in a digest', async () => {
    const ada = await newMember();
    const bob = await newMember(ada);
    const choose = (channel: string, category: string, enabled: boolean, digest_frequency?: string) => ({
      preferences: [{ channel, category, enabled, ...(digest_frequency ? { digest_frequency } : {}) }],
    });
    const put = (body: unknown) => ada.call('PUT', '/notification-preferences', { body });
    assert.equal((await put(choose('database', 'resource_provisioned', false))).status, 200);
    assert.equal((await put(choose('mail', 'resource_provisioned', true))).status, 200);
    const saved = await put(choose('mail', 'resource_failed', true, 'daily'));
    assert.deepEqual(
      saved.body.preferences.filter((one: Record<string, unknown>) => one.category === 'resource_failed'),
      [
        { category: 'resource_failed', channel: 'database', enabled: true, digest_frequency: 'instant' },
        { category: 'resource_failed', channel: 'mail', enabled: true, digest_frequency: 'daily' },
      ],
    );
    await write(ada.teamId, vpsEvents.created, {});
    await write(ada.teamId, vpsEvents.failed, FAILURE);
    await write(ada.teamId, vpsEvents.failed, FAILURE);
    await told();
    assert.equal((await ada.call('GET', '/notifications')).body.total, 2);
    assert.match((await mailSent(ada.email, 1))[0]!.text, /was created/);
    const mail = createMailer(testConfig(sink.settings).mail, createSecretBox(KEY));
    await sendDigests(test.database, mail);
    const tomorrow = new Date(Date.now() + 25 * 3_600_000);
    await Promise.all([1, 2, 3].map(() => sendDigests(test.database, mail, tomorrow)));
    const [, digest] = await mailSent(ada.email, 2);
    assert.match(digest!.text, /2 notifications:[\s\S]*It broke\.[\s\S]*It broke\./);
    assert.equal((await mailSent(bob.email, 2)).length, 2);
    assert.equal(mailsTo(ada.email).length, 2);

    assert.equal((await ada.call('POST', '/notification-preferences/reset')).status, 200);
    const { preferences } = (await ada.call('GET', '/notification-preferences')).body;
    assert.deepEqual(preferences, (await bob.call('GET', '/notification-preferences')).body.preferences);
  });

  it('sends no digest to those who have left the team', async () => {
    const ada = await newMember();
    const bob = await newMember(ada);
    const body = {
      preferences: [
        { category: 'resource_failed', channel: 'mail', enabled: true, digest_frequency: 'weekly' },
      ],
    };
    await bob.call('PUT', '/notification-preferences', { body });
    await write(ada.teamId, vpsEvents.failed, FAILURE);
    await told();
    await test.database.db
      .deleteFrom('team_members')
      .where('user_id', '=', bob.accountId)
      .where('team_id', '=', ada.teamId)
      .execute();
    const mail = createMailer(testConfig(sink.settings).mail, createSecretBox(KEY));
    await sendDigests(test.database, mail, new Date(Date.now() + 8 * 86_400_000));
    const rows = await test.database.db
      .selectFrom('mails')
      .select('id')
      .where('to_address', '=', bob.email)
      .execute();
    assert.deepEqual(rows, []);
  });

  it('offers no channel that does not exist, and says that no mail is sent where none is', async () => {
    const ada = await newMember();
    const put = (channel: string, enabled: boolean, digest_frequency = 'instant') => {
      const one = { category: 'resource_failed', channel, enabled, digest_frequency };
      return ada.call('PUT', '/notification-preferences', { body: { preferences: [one] } });
    };
    for (const channel of ['slack', 'sms', 'webhook']) {
      assert.deepEqual(Object.keys((await put(channel, true)).body.errors), ['preferences.0.channel']);
      assert.equal((await put(channel, false)).status, 200);
    }
    assert.deepEqual(Object.keys((await put('database', true, 'daily')).body.errors), [
      'preferences.0.digest_frequency',
    ]);
    const without = new PreferenceService(test.database, createMailer(null, createSecretBox(KEY)));
    const principal = { accountId: ada.accountId, team: { id: ada.teamId } } as TeamPrincipal;
    const { available_channels } = await without.show(principal);
    assert.match(available_channels[1]!.description, /sends no e-mail/);
  });
});

it('tells once and in order, whatever happens to servers', async () => {
  const database = await createTestDatabase();
  try {
    const { accountId, teamId } = await createTeam(database);
    const resources = Array.from({ length: 30 }, () => uuidv7());
    for (const resourceId of resources) {
      await database.transaction((tx) =>
        record(tx, vpsEvents.created, { teamId, resourceType: 'vps', resourceId }, {}),
      );
    }
    const choice = {
      category: 'resource_provisioned',
      channel: 'mail',
      enabled: true,
      digest_frequency: 'instant',
    };
    await database.db
      .insertInto('notification_preferences')
      .values({ user_id: accountId, team_id: teamId, ...choice })
      .execute();
    const mail = createMailer(testConfig(MAIL).mail, createSecretBox(KEY));
    let queued = 0;
    const dying = {
      ...mail,
      queueMail: async (...mailOf: Parameters<typeof mail.queueMail>) => {
        queued += 1;
        if (queued === 20) throw new Error('killed');
        await mail.queueMail(...mailOf);
      },
    };
    await assert.rejects(notifyMembers(database, dying), /killed/);
    await Promise.all([1, 2, 3, 4].map(() => notifyMembers(database, mail)));
    while (await notifyMembers(database, mail));
    const rows = await database.db
      .selectFrom('notifications')
      .select('resource_id')
      .orderBy('event_position')
      .execute();
    assert.deepEqual(
      rows.map(({ resource_id }) => resource_id),
      resources,
    );
    const { count } = await database.db
      .selectFrom('mails')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    assert.equal(count, resources.length);
  } finally {
    await database.drop();
  }
});

it('sends digests at seven, weekly ones on Mondays', () => {
  const next = (frequency: 'daily' | 'weekly', now: string) =>
    nextDigest(frequency, new Date(now)).toISOString();
  assert.equal(next('daily', '2026-11-28T06:59:00Z'), '2026-11-28T07:00:00.000Z');
  assert.equal(next('daily', '2026-11-30T07:00:00Z'), '2026-12-01T07:00:00.000Z');
  assert.equal(next('weekly', '2026-11-28T12:00:00Z'), '2026-11-30T07:00:00.000Z');
  assert.equal(next('weekly', '2026-11-30T07:00:00Z'), '2026-12-07T07:00:00.000Z');
});
