import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAILURE, suiteWithNotifications } from '../../../test/notifications.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { createSecretBox } from '../../lib/crypto.ts';
import { createMailer } from '../../mail/mailer.ts';
import { vpsEvents } from '../vps/events.ts';
import { ALL_CATEGORIES, AVAILABLE } from './categories.ts';
import { sendDigests } from './digests.ts';
import { PreferenceService } from './preference-service.ts';
import { nextDigest } from './preferences.ts';

describe('preferences of notifications', () => {
  const world = suiteWithNotifications();

  it('goes where the account has chosen, at once or in a digest', async () => {
    const ada = await world.newMember();
    const bob = await world.newMember(ada);
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
    await world.write(ada.teamId, vpsEvents.created, {});
    await world.write(ada.teamId, vpsEvents.failed, FAILURE);
    await world.write(ada.teamId, vpsEvents.failed, FAILURE);
    await world.told();
    assert.equal((await ada.call('GET', '/notifications')).body.total, 2);
    assert.match((await world.mailSent(ada.email, 1))[0]!.text, /was created/);
    const mail = world.mailer();
    await sendDigests(world.test.database, mail);
    const tomorrow = new Date(Date.now() + 25 * 3_600_000);
    await Promise.all([1, 2, 3].map(() => sendDigests(world.test.database, mail, tomorrow)));
    const [, digest] = await world.mailSent(ada.email, 2);
    assert.match(digest!.text, /2 notifications:[\s\S]*It broke\.[\s\S]*It broke\./);
    assert.equal((await world.mailSent(bob.email, 2)).length, 2);
    assert.equal(world.mailsTo(ada.email).length, 2);

    assert.equal((await ada.call('POST', '/notification-preferences/reset')).status, 200);
    const { preferences } = (await ada.call('GET', '/notification-preferences')).body;
    assert.deepEqual(preferences, (await bob.call('GET', '/notification-preferences')).body.preferences);
  });

  it('sends no digest to those who have left the team', async () => {
    const ada = await world.newMember();
    const bob = await world.newMember(ada);
    const body = {
      preferences: [
        { category: 'resource_failed', channel: 'mail', enabled: true, digest_frequency: 'weekly' },
      ],
    };
    await bob.call('PUT', '/notification-preferences', { body });
    await world.write(ada.teamId, vpsEvents.failed, FAILURE);
    await world.told();
    await world.test.database.db
      .deleteFrom('team_members')
      .where('user_id', '=', bob.accountId)
      .where('team_id', '=', ada.teamId)
      .execute();
    const mail = world.mailer();
    await sendDigests(world.test.database, mail, new Date(Date.now() + 8 * 86_400_000));
    const rows = await world.test.database.db
      .selectFrom('mails')
      .select('id')
      .where('to_address', '=', bob.email)
      .execute();
    assert.deepEqual(rows, []);
  });

  it('takes every category of the v1 API, and offers those that there are', async () => {
    const ada = await world.newMember();
    const all = ALL_CATEGORIES.map((category) => ({ category, channel: 'mail', enabled: true }));
    const saved = await ada.call('PUT', '/notification-preferences', { body: { preferences: all } });
    assert.equal(saved.status, 200, JSON.stringify(saved.body));
    const offered = new Set(saved.body.preferences.map((one: { category: string }) => one.category));
    assert.deepEqual(offered, new Set(AVAILABLE.map(({ value }) => value)));
  });

  it('offers no channel that does not exist, and says that no mail is sent where none is', async () => {
    const ada = await world.newMember();
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
    const without = new PreferenceService(
      world.test.database,
      createMailer(null, createSecretBox(Buffer.alloc(32))),
    );
    const principal = { accountId: ada.accountId, team: { id: ada.teamId } } as TeamPrincipal;
    const { available_channels } = await without.show(principal);
    assert.match(available_channels[1]!.description, /sends no e-mail/);
  });
});

it('sends digests at seven, weekly ones on Mondays', () => {
  const next = (frequency: 'daily' | 'weekly', now: string) =>
    nextDigest(frequency, new Date(now)).toISOString();
  assert.equal(next('daily', '2026-11-28T06:59:00Z'), '2026-11-28T07:00:00.000Z');
  assert.equal(next('daily', '2026-11-30T07:00:00Z'), '2026-12-01T07:00:00.000Z');
  assert.equal(next('weekly', '2026-11-28T12:00:00Z'), '2026-11-30T07:00:00.000Z');
  assert.equal(next('weekly', '2026-11-30T07:00:00Z'), '2026-12-07T07:00:00.000Z');
});
