import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page, Request } from 'playwright-core';
import { clientOf, newVps } from './client.ts';
import { customerOf } from './customer.ts';
import { type Console, openConsole, tabTo, watch, withoutBrowser } from './dashboard-browser.ts';
import { createTeam, holdBack, waitFor } from './harness.ts';
import { createPerson, PASSWORD } from './people.ts';

describe('using the dashboard', { skip: withoutBrowser }, () => {
  let console: Console;
  before(async () => {
    console = await openConsole();
  });
  after(() => console?.close());

  it('takes nothing but a keyboard: signing in, creating, stopping and deleting a server', async () => {
    const person = await createPerson(console.test.database);
    const context = await console.browser.newContext({ baseURL: console.test.app.url! });
    const page = await context.newPage();
    const problems = watch(page);
    await page.goto('/sign-in?next=/vps');
    await type(page, 'E-mail', person.email);
    await type(page, 'Password', PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('No servers yet').waitFor();
    await tabTo(page, page.getByRole('link', { name: 'Create server' }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('radio').first());
    await tabTo(page, page.getByRole('radio', { name: /^(Password|SSH key)/ }));
    await page.keyboard.press('ArrowDown');
    const byPassword = page.getByRole('radio', { name: /^Password/ });
    if (!(await byPassword.isChecked())) await page.keyboard.press('ArrowDown');
    assert.ok(await byPassword.isChecked());
    await type(page, 'Password', 'correct horse battery');
    await type(page, 'Password again', 'correct horse battery');
    await type(page, 'Name', 'by-keyboard');
    await tabTo(page, page.getByRole('button', { name: 'Create server' }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'by-keyboard' }).waitFor();
    await page.getByText('Running', { exact: true }).first().waitFor();
    await tabTo(page, page.getByRole('button', { name: 'Stop' }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('dialog').getByRole('button', { name: 'Stop' }));
    await page.keyboard.press('Enter');
    await page.getByText('Stopped', { exact: true }).first().waitFor();
    await tabTo(page, page.getByRole('button', { name: 'More actions' }));
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Delete' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('dialog').getByRole('textbox'));
    await page.keyboard.type('by-keyboard');
    await page.keyboard.press('Enter');
    await page.getByText('No servers yet').waitFor();
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('takes one stream for all tabs of a browser, which another tab goes on with', () => shareStream());

  it('does so as well where browsers have no locks, as they do not by plain http', () =>
    shareStream("Object.defineProperty(navigator, 'locks', { value: undefined })"));

  /** `before`: runs in each page before everything else. */
  async function shareStream(before = ''): Promise<void> {
    const team = await createTeam(console.test.database);
    const call = clientOf(console.test.app.url!, team.token);
    const { page: first, context } = await console.open(team);
    await context.addInitScript(before);
    const [second, third] = [await context.newPage(), await context.newPage()];
    /** Those that are open, by the page. */
    const streams = new Map<Request, Page>();
    const leaders = () => [...streams.values()].filter((page) => !page.isClosed());
    const isLed = () => waitFor('one stream', async () => leaders().length === 1);
    for (const page of [first, second, third]) {
      watch(page);
      page.on('request', (request) => {
        if (request.url().includes('/events/stream')) streams.set(request, page);
      });
      page.on('requestfinished', (request) => streams.delete(request));
      page.on('requestfailed', (request) => streams.delete(request));
      await page.goto('/vps');
      await page.getByText('No servers yet').waitFor();
    }
    await isLed();
    assert.equal((await call('POST', '/vps', newVps({ name: 'for-all' }))).status, 201);
    for (const page of [first, second, third]) await page.getByRole('row', { name: /for-all/ }).waitFor();
    await isLed();
    await first.close();
    await isLed();
    assert.equal((await call('POST', '/vps', newVps({ name: 'after-it' }))).status, 201);
    for (const page of [second, third]) await page.getByRole('row', { name: /after-it/ }).waitFor();
    await isLed();
    await context.close();
  }

  it('shows how far an operation is as the stream tells it, without asking again', async () => {
    const { test } = console;
    const team = await createTeam(test.database);
    const call = clientOf(test.app.url!, team.token);
    const letImage = holdBack(test.plane, 'ensureImage');
    const { page, problems, context } = await console.open(team);
    try {
      const { body } = await call('POST', '/vps', newVps({ name: 'slow' }));
      await page.goto(`/vps/${body.instance.id}`);
      await page.getByText('Create', { exact: true }).first().waitFor();
      // Only the stream can tell from now on.
      await page.route('**/api/v1/operations?*', (route) => route.abort());
      await test.database.db
        .updateTable('operations')
        .set({ percent: 42, step: 'Packing what the test wants' })
        .where('id', '=', body.operation_id)
        .execute();
      await page.getByText('Packing what the test wants').first().waitFor();
      assert.equal(await page.getByRole('progressbar').first().getAttribute('value'), '42');
      await page.unroute('**/api/v1/operations?*');
      letImage();
      await page.getByText('Running', { exact: true }).first().waitFor();
      assert.deepEqual(problems, []);
    } finally {
      letImage();
      await context.close();
    }
  });

  it('puts the rules of a firewall in order with the mouse and with the keyboard', async () => {
    const team = await createTeam(console.test.database);
    const call = clientOf(console.test.app.url!, team.token);
    const rule = { direction: 'inbound', protocol: 'tcp', action: 'allow' };
    const made = await call('POST', '/firewalls', {
      name: 'Web',
      rules: [
        { ...rule, port: 443, name: 'for the shop' },
        { ...rule, port: 22, name: 'for the office' },
      ],
    });
    const order = async () => {
      const { firewall } = (await call('GET', `/firewalls/${made.body.firewall.id}`)).body;
      return firewall.rules.map(({ port }: { port: number }) => port).join();
    };
    const { page, problems, context } = await console.open(team);
    await page.goto(`/firewalls/${made.body.firewall.id}`);
    const line = (name: string) => page.getByRole('listitem').filter({ hasText: name });
    await line('for the office').dragTo(line('for the shop'));
    await page.getByRole('button', { name: 'Save the rules' }).click();
    await waitFor('the order by the mouse', async () => (await order()) === '22,443');
    await tabTo(page, line('for the shop').getByRole('button', { name: 'Move up' }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('button', { name: 'Save the rules' }));
    await page.keyboard.press('Enter');
    await waitFor('the order by the keyboard', async () => (await order()) === '443,22');
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('puts rules into force on trial, keeps them where somebody confirms, and takes them back otherwise', async () => {
    const { database, app } = console.test;
    const team = await createTeam(database);
    const call = clientOf(app.url!, team.token);
    await customerOf(call).running('vps', newVps({ name: 'web-1' }));
    const { page, problems, context } = await console.open(team);
    await page.goto('/firewalls');
    await page.getByRole('link', { name: 'web-1-default' }).click();
    const inForce = async (): Promise<string[]> => {
      const { rows } = await database.pool.query<{ rules: { name: string }[] }>(
        'select effective_rules as rules from firewalls where team_id = $1',
        [team.teamId],
      );
      return rows[0]!.rules.map(({ name }) => name);
    };
    const countdown = page.getByText(/^The rules before come back in \d+ s, unless you confirm/);
    const secondsLeft = async () => Number(/\d+/.exec((await countdown.textContent()) ?? '')?.[0]);
    const button = (name: string) => page.getByRole('button', { name, exact: true });

    await page
      .getByRole('listitem')
      .filter({ hasText: 'ping' })
      .getByRole('button', { name: 'Remove' })
      .click();
    await button('Put into force on trial').click();
    await countdown.waitFor();
    const first = await secondsLeft();
    await waitFor('the seconds to pass', async () => (await secondsLeft()) < first);
    assert.deepEqual(await inForce(), ['ssh']);
    await button('Keep the new rules').click();
    await countdown.waitFor({ state: 'detached' });

    await button('Remove').click();
    await button('Put into force on trial').click();
    await countdown.waitFor();
    assert.deepEqual(await inForce(), []);
    // Two minutes later.
    await database.pool.query('update firewalls set confirm_by = now() where team_id = $1', [team.teamId]);
    await page.getByText(/^Nobody confirmed the rules in time/).waitFor();
    await countdown.waitFor({ state: 'detached' });
    assert.deepEqual(await inForce(), ['ssh']);
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('goes on by itself after the server was restarted', async () => {
    const team = await createTeam(console.test.database);
    const { page, context } = await console.open(team);
    await page.goto('/vps');
    await page.getByText('No servers yet').waitFor();
    await page.route('**/events/stream?*', (route) => route.abort());
    const restarted = console.test.restart();
    await page.getByText(/The connection is lost/).waitFor();
    await restarted;
    const call = clientOf(console.test.app.url!, team.token);
    assert.equal((await call('POST', '/vps', newVps({ name: 'meanwhile' }))).status, 201);
    await page.unroute('**/events/stream?*');
    await page.getByRole('row', { name: /meanwhile/ }).waitFor();
    await page.getByText(/The connection is lost/).waitFor({ state: 'detached' });
    await context.close();
  });

  it('leads on in a tab from before an update, whose files are gone', async () => {
    const team = await createTeam(console.test.database);
    const { page, context } = await console.open(team);
    await page.goto('/vps');
    await page.getByText('No servers yet').waitFor();
    let isOld = true;
    await page.route('**/assets/*.js', (route) =>
      isOld ? route.fulfill({ status: 404, body: '{}' }) : route.continue(),
    );
    page.on('request', (request) => {
      if (request.isNavigationRequest()) isOld = false;
    });
    const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Webhooks' });
    const heading = page.getByRole('heading', { name: 'Webhooks' });
    const loaded = page.waitForEvent('load');
    await link.click();
    await loaded;
    await page.locator('h1').first().waitFor();
    // Pointing at the link was enough to load the page anew; then the click may have been lost.
    if (!(await heading.isVisible())) await link.click();
    await heading.waitFor();
    await context.close();
  });
});

/** Goes to a field with the keyboard, and types into it. */
async function type(page: Page, label: string, text: string): Promise<void> {
  await tabTo(page, page.getByLabel(label, { exact: true }));
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
}
