import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTestDatabase } from '../../../test/database.ts';
import { createTeam, issueToken, testConfig } from '../../../test/harness.ts';
import { FAILURE, suiteWithNotifications } from '../../../test/notifications.ts';
import { record } from '../../events/store.ts';
import { createSecretBox } from '../../lib/crypto.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { createMailer } from '../../mail/mailer.ts';
import { METRICS } from '../../metrics/catalogue.ts';
import { MODULES } from '../../modules.ts';
import { vpsEvents } from '../vps/events.ts';
import { webhookEvents } from '../webhooks/events.ts';
import { AVAILABLE, categoryOf } from './categories.ts';
import { sendDigests } from './digests.ts';
import { notifyMembers } from './fan-out.ts';
import { MAILS_AT_ONCE } from './mail-budget.ts';

const MAIL = { SMTP_URL: 'smtp+plain://127.0.0.1', DANUBE_MAIL_FROM: 'cloud@example.com' };

describe('notifications', () => {
  const world = suiteWithNotifications();

  it('tells each member of a team what happened, and mails what needs somebody', async () => {
    const ada = await world.newMember();
    const bob = await world.newMember(ada);
    const stranger = await world.newMember();
    const id = uuidv7();
    await world.write(ada.teamId, vpsEvents.requested, { operation: 'create' }, id);
    await world.write(ada.teamId, vpsEvents.created, {}, id);
    await world.write(ada.teamId, vpsEvents.failed, FAILURE, id);
    await world.told();
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
      const [mail, ...others] = await world.mailSent(email, 1);
      assert.deepEqual(others, []);
      assert.equal(mail!.headers.get('subject'), `[Danube] Warning: server ${id}`);
      assert.match(mail!.text, /start failed: It broke\./);
    }
    assert.deepEqual((await stranger.call('GET', '/notifications')).body.data, []);
    assert.deepEqual(world.mailsTo(stranger.email), []);
  });

  it('mails what somebody has called a resource as text, and lets it add neither headers nor mark-up', async () => {
    const ada = await world.newMember();
    const name =
      '<img src=x onerror="alert(1)">\r\nBcc: eve@example.com\r\n\r\n<a href="https://evil.example">';
    const subject = { teamId: ada.teamId, resourceType: 'webhook', resourceId: uuidv7() };
    await world.test.database.transaction((tx) =>
      record(tx, webhookEvents.disabled, subject, { name, url: 'https://x.example', because: 'gone' }),
    );
    const [mail] = await world.mailSent(ada.email, 1);
    assert.deepEqual([mail!.to, mail!.headers.has('bcc')], [[ada.email], false]);
    assert.doesNotMatch(mail!.html, /<(img|a)\b/);
    assert.match(mail!.html, /&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;/);
    assert.ok(world.sink.received.every(({ to }) => !to.includes('eve@example.com')));
  });

  it('is read, unread and deleted by one account alone', async () => {
    const ada = await world.newMember();
    const bob = await world.newMember(ada);
    for (let count = 0; count < 3; count++) await world.write(ada.teamId, vpsEvents.created, {});
    await world.told();
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

  it('mails what comes in a flood together', async () => {
    const ada = await world.newMember();
    const bob = await world.newMember(ada);
    const beyond = 5;
    for (let count = 0; count < MAILS_AT_ONCE + beyond; count++)
      await world.write(ada.teamId, vpsEvents.failed, FAILURE);
    await world.told();
    for (const { email } of [ada, bob]) await world.mailSent(email, MAILS_AT_ONCE);
    assert.equal((await ada.call('GET', '/notifications')).body.total, MAILS_AT_ONCE + beyond);
    await sendDigests(world.test.database, world.mailer(), new Date(Date.now() + 3_600_000));
    for (const { email } of [ada, bob]) {
      const mails = await world.mailSent(email, MAILS_AT_ONCE + 1);
      assert.equal(mails.length, MAILS_AT_ONCE + 1);
      assert.ok(mails.some(({ headers }) => headers.get('subject') === `[Danube] ${beyond} notifications`));
    }
  });

  it('mails nothing to a disabled account', async () => {
    const ada = await world.newMember();
    const bob = await world.newMember(ada);
    const { pool, db } = world.test.database;
    await pool.query('update users set disabled_at = now() where id = $1', [bob.accountId]);
    for (let count = 0; count <= MAILS_AT_ONCE; count++)
      await world.write(ada.teamId, vpsEvents.failed, FAILURE);
    await world.told();
    await sendDigests(world.test.database, world.mailer(), new Date(Date.now() + 3_600_000));
    const to = async (address: string) =>
      (await db.selectFrom('mails').select('id').where('to_address', '=', address).execute()).length;
    assert.deepEqual([await to(ada.email), await to(bob.email)], [MAILS_AT_ONCE + 1, 0]);
  });

  it('shows a token only what it may read', async () => {
    const ada = await world.newMember();
    await world.write(ada.teamId, vpsEvents.created, {});
    await world.told();
    const blind = { token: await issueToken(world.test.database.db, ada, ['database:read']) };
    const { body } = await ada.call('GET', '/notifications', blind);
    assert.deepEqual([body.data, body.total, body.unread_count], [[], 0, 0]);
    assert.equal((await ada.call('POST', '/notifications/mark-all-read', blind)).body.count, 0);
    assert.equal((await ada.call('GET', '/notifications')).body.unread_count, 1);
  });
});

it('offers the categories of which there are events, and no others', () => {
  const of = MODULES.flatMap(({ events = {} }) => Object.values(events)).flatMap(
    ({ name: type, severity }) => {
      const resource_type = type.slice(0, type.indexOf('.'));
      const payloads = resource_type === 'alert' ? METRICS.map(({ name }) => ({ metric: name })) : [{}];
      return payloads.map((payload) => categoryOf({ type, severity, resource_type, payload }));
    },
  );
  const told = new Set(of.filter((category) => category !== null));
  assert.deepEqual(told, new Set(AVAILABLE.map(({ value }) => value)));
});

it('tells once and in order, whatever happens to servers', async () => {
  const database = await createTestDatabase();
  try {
    const { accountId, teamId } = await createTeam(database);
    const resources = Array.from({ length: MAILS_AT_ONCE }, () => uuidv7());
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
    const mail = createMailer(testConfig(MAIL).mail, createSecretBox(Buffer.alloc(32, 9)));
    let queued = 0;
    const dying = {
      ...mail,
      queueMail: async (...mailOf: Parameters<typeof mail.queueMail>) => {
        queued += 1;
        if (queued === 10) throw new Error('killed');
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
