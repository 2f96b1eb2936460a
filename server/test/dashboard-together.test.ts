import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { clientOf, newDatabase, newVps } from './client.ts';
import { customerOf } from './customer.ts';
import { type Console, openConsole, withoutBrowser } from './dashboard-browser.ts';
import { type Filled, fillTeam } from './dashboard-pages.ts';
import { createTeam, joinTeam, waitFor } from './harness.ts';
import { createPerson } from './people.ts';

describe('several people at the same things', { skip: withoutBrowser }, () => {
  let console: Console;
  let filled: Filled;
  before(async () => {
    console = await openConsole();
    filled = await fillTeam(console.test);
  });
  after(() => console?.close());

  /** A window of somebody with that role in the team that has everything. */
  async function openAs(role: 'viewer' | 'editor') {
    const { test, open } = console;
    const person = await createPerson(test.database);
    await joinTeam(test.database, person.accountId, test.team.teamId, role);
    // Nobody opens that many pages within a minute.
    await test.database.pool.query(`update users set tier = 'enterprise' where id = $1`, [person.accountId]);
    const opened = await open({ ...person, teamId: test.team.teamId, token: '' });
    await opened.page.addInitScript(`localStorage.setItem('danube-team', '${test.team.teamId}')`);
    return opened;
  }

  it('lets an editor change, and says that they delete nothing', async () => {
    const { page, context } = await openAs('editor');
    await page.goto('/ssh-keys');
    await refused(page, 'Delete: ada@laptop', /^Your role in this team may not delete/);
    await page.getByRole('button', { name: 'Add a key' }).and(enabled(page)).waitFor();
    await page.goto(`/vps/${filled.vps}/settings`);
    await refused(page, 'Delete', /^Your role in this team may not delete/);
    await page.getByRole('button', { name: 'Save' }).and(enabled(page)).waitFor();
    await context.close();
  });

  it('shows at once in every list what somebody else adds', async () => {
    const { test, open } = console;
    const team = await createTeam(test.database);
    const call = clientOf(test.app.url!, team.token);
    const { page, problems, context } = await open(team);
    const id = await customerOf(call).running('database', newDatabase({ name: 'shop' }));
    const adds = async (url: string, path: string, body: object, shown: string): Promise<void> => {
      await page.goto(url);
      await page.locator('h1').first().waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      const answer = await call('POST', path, body);
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      await page.getByText(shown).first().waitFor();
    };
    const ofDatabase = { database_instance_id: id };
    await adds('/snapshots', '/snapshots/database', { ...ofDatabase, name: 'first-state' }, 'first-state');
    await adds(
      `/databases/${id}/snapshots`,
      '/snapshots/database',
      { ...ofDatabase, name: 'second-state' },
      'second-state',
    );
    await adds('/ssh-keys', '/ssh-keys', { name: 'laptop', public_key: KEY }, 'laptop');
    await adds('/firewalls', '/firewalls', { name: 'Web servers' }, 'Web servers');
    const group = { name: 'reports', type: 'database', provider_type: 'postgresql', parameters: {} };
    await adds('/parameter-groups', '/parameter-groups', group, 'reports');
    await adds('/object-storage', '/storage/buckets', { name: 'photos' }, 'photos');
    await adds('/object-storage', '/storage/access-keys', { name: 'uploads', scope: 'team' }, 'uploads');
    const endpoint = { name: 'the shop', url: 'https://hooks.example.org/' };
    await adds('/webhooks', '/webhooks/endpoints', endpoint, 'the shop');
    const alert = { resource_type: 'database', resource_id: id, metric_type: 'cpu_usage', name: 'Busy' };
    const condition = { comparison_operator: 'gt', threshold_value: 80, duration_minutes: 5 };
    await adds('/alerts', '/metric-alerts', { ...alert, ...condition }, 'Busy');
    await adds('/tokens', '/user/tokens', { name: 'backup', scope_set: 'read' }, 'backup');
    await adds('/team', '/team/invitations', { role: 'viewer' }, 'Whoever has the link');
    await adds('/audit', '/ssh-keys', { name: 'desktop', public_key: OTHER_KEY }, 'Create SSH key');
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('warns of rules that somebody else has saved since one began to change them', async () => {
    const team = await createTeam(console.test.database);
    const call = clientOf(console.test.app.url!, team.token);
    const rule = { direction: 'inbound', protocol: 'tcp', action: 'allow' };
    const rules = [
      { ...rule, port: 22, name: 'for the office' },
      { ...rule, port: 443, name: 'for the shop' },
    ];
    const { body } = await call('POST', '/firewalls', { name: 'Web', rules });
    const { page, problems, context } = await console.open(team);
    await page.goto(`/firewalls/${body.firewall.id}`);
    const line = (name: string) => page.getByRole('listitem').filter({ hasText: name });
    await line('for the office').getByRole('button', { name: 'Remove' }).click();
    await line('for the office').waitFor({ state: 'detached' });
    const warning = page.getByText(/^Somebody else has changed these rules/);
    assert.equal(await warning.count(), 0);
    const theirs = { rules: [...rules, { ...rule, port: 8080, name: 'for everybody' }] };
    assert.equal((await call('PUT', `/firewalls/${body.firewall.id}`, theirs)).status, 200);
    await warning.waitFor();
    await page.getByRole('button', { name: 'Discard the changes' }).click();
    for (const { name } of theirs.rules) await line(name).waitFor();
    await warning.waitFor({ state: 'detached' });
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('keeps what is being typed, while somebody else changes the rest and then deletes it', async () => {
    const team = await createTeam(console.test.database);
    const call = clientOf(console.test.app.url!, team.token);
    const { running, succeeds } = customerOf(call);
    const id = await running('vps', newVps({ name: 'web-1' }));
    const show = async () => (await call('GET', `/vps/${id}`)).body.instance;
    const { page, problems, context } = await console.open(team);
    await page.goto(`/vps/${id}/settings`);
    await page.getByLabel('Name').fill('web-2');
    const daily = page.getByRole('switch', { name: /snapshot/i });
    const isOn = await daily.isChecked();
    const change = { automated_snapshots_enabled: !isOn };
    assert.equal((await call('PUT', `/vps/${id}`, change)).status, 200);
    await waitFor('what somebody else has set', async () => (await daily.isChecked()) === !isOn);
    assert.equal(await page.getByLabel('Name').inputValue(), 'web-2');
    await page.getByRole('button', { name: 'Save' }).click();
    await waitFor('both', async () => {
      const { name, automated_snapshots_enabled } = await show();
      return name === 'web-2' && automated_snapshots_enabled === !isOn;
    });
    await succeeds(call('POST', `/vps/${id}/stop`));
    await page.getByLabel('Name').fill('web-3');
    assert.equal((await call('DELETE', `/vps/${id}`)).status, 200);
    await page.getByText('There is nothing at this address').waitFor();
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('shows 1,000 notifications by the page, which another tab has read', async () => {
    const { database } = console.test;
    const team = await createTeam(database);
    await database.pool.query(NOTIFICATIONS, [team.accountId, team.teamId]);
    const { page, problems, context } = await console.open(team);
    await page.goto('/notifications?page=50');
    await page.getByText('981–1000 of 1000').waitFor();
    const other = await context.newPage();
    await other.goto('/notifications');
    await other.getByRole('button', { name: 'Mark all as read' }).click();
    await other.getByRole('button', { name: 'Mark all as read' }).waitFor({ state: 'detached' });
    await page.reload();
    await page.getByText('981–1000 of 1000').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Mark all as read' }).count(), 0);
    assert.deepEqual(problems, []);
    await context.close();
  });
});

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS';
const OTHER_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAT';

/** A thousand notifications for an account in a team. */
const NOTIFICATIONS = `
  insert into notifications (id, user_id, team_id, event_position, event_type, category, severity, resource_type,
    resource_id, resource_name, message, payload, listed)
  select gen_random_uuid(), $1, $2, number, 'vps.started', 'resource_status', 'info', 'vps',
    'some-id', 'web-' || number, 'web-' || number || ' was started.', '{}', true
  from generate_series(1, 1000) number`;

const enabled = (page: Page) => page.locator(':not([aria-disabled="true"])');

/** Waits for the button to be one that cannot be used, and says why. */
async function refused(page: Page, name: string, why: RegExp): Promise<void> {
  const button = page.getByRole('button', { name, exact: true }).and(page.locator('[aria-disabled="true"]'));
  await button.first().waitFor();
  assert.match((await button.first().getAttribute('aria-description')) ?? '', why);
}
