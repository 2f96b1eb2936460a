import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page, Route } from 'playwright-core';
import { type Console, openConsole, watch, withoutBrowser } from './dashboard-browser.ts';
import { createTeam } from './harness.ts';
import { createPerson, PASSWORD } from './people.ts';

/** What people type is theirs until it has been sent. */
describe('what was typed into a form of the dashboard', { skip: withoutBrowser }, () => {
  let console: Console;
  before(async () => {
    console = await openConsole();
  });
  after(() => console?.close());

  const name = (page: Page) => page.getByLabel('Name', { exact: true });
  const link = (page: Page, to: string) =>
    page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: to });

  it('is still there after going back, elsewhere, and loading the page anew; but no password is', async () => {
    const { page, problems, context } = await console.open(await createTeam(console.test.database));
    await page.goto('/vps');
    await page.getByRole('link', { name: 'Create server' }).first().click();
    await name(page).fill('half-typed');
    await page.getByLabel('Cloud-init').fill('#cloud-config\npackages: [nginx]\n');
    await page.getByRole('radio', { name: /^Password/ }).check();
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    const isThere = async (): Promise<void> => {
      await name(page).waitFor();
      assert.equal(await name(page).inputValue(), 'half-typed');
      assert.equal(await page.getByLabel('Cloud-init').inputValue(), '#cloud-config\npackages: [nginx]\n');
      assert.ok(await page.getByRole('radio', { name: /^Password/ }).isChecked());
      assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '');
    };
    await page.goBack();
    await page.getByText('No servers yet').waitFor();
    await page.goForward();
    await isThere();
    await link(page, 'Webhooks').click();
    await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
    await page.goBack();
    await isThere();
    await page.reload();
    await isThere();
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('is not sent before everything is there that one chooses from', async () => {
    const team = await createTeam(console.test.database);
    const { page, problems, context } = await console.open(team);
    const sent: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') sent.push(request.url());
    });
    const { promise: choices, resolve: letGo } = Promise.withResolvers<void>();
    // Pages that were left do not wait for their answers.
    const later = (route: Route) => choices.then(() => route.continue()).catch(() => undefined);
    await page.route(/\/api\/v1\/(vps|database|cache)\/plans/, later);
    await page.route(/\/api\/v1\/(ssh-keys|storage\/buckets|parameter-groups)\?/, later);
    const button = (label: string) => page.getByRole('button', { name: label, exact: true });
    const waits = async (send: Locator): Promise<void> => {
      await send.and(page.locator('[aria-disabled="true"]')).waitFor();
      assert.equal(await send.getAttribute('aria-description'), 'The choices are still being loaded.');
      await name(page).press('Enter');
      await send.click({ force: true });
      assert.deepEqual(sent, []);
    };
    await page.goto('/object-storage');
    await button('Create access key').click();
    await name(page).fill('too-early');
    await waits(page.getByRole('dialog').locator('button[type=submit]'));
    for (const [path, label] of Object.entries({
      '/databases/new': 'Create database',
      '/caches/new': 'Create cache',
      '/vps/new': 'Create server',
    })) {
      await page.goto(path);
      await name(page).fill('too-early');
      await waits(button(label));
    }
    await page.getByRole('radio', { name: /^Password/ }).check();
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Password again').fill(PASSWORD);
    letGo();
    await button('Create server').and(page.locator(':not([aria-disabled])')).click();
    await page.getByRole('heading', { name: 'too-early' }).waitFor();
    assert.equal(sent.length, 1);
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('is sent after signing in again, where the session has ended meanwhile', async () => {
    const person = await createPerson(console.test.database);
    const context = await console.browser.newContext({ baseURL: console.test.app.url! });
    const page = await context.newPage();
    const problems = watch(page);
    const signIn = async (): Promise<void> => {
      await page.getByLabel('E-mail').fill(person.email);
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    };
    // Without it there is no size to ask for.
    const offer = page.getByRole('radio', { name: /€/ }).first();
    await page.goto('/sign-in?next=/databases/new');
    await signIn();
    await offer.waitFor();
    await name(page).fill('half-typed');
    await context.clearCookies();
    // Where a request of the page itself was refused first, there is no button any more.
    await page.evaluate("document.querySelector('form button[type=submit]')?.click()");
    await page.waitForURL(/\/sign-in\?next=%2Fdatabases%2Fnew/);
    await signIn();
    await name(page).waitFor();
    assert.equal(await name(page).inputValue(), 'half-typed');
    await offer.waitFor();
    await page.getByRole('button', { name: 'Create database' }).click();
    await page.getByRole('heading', { name: 'half-typed' }).waitFor();
    // What was sent is no draft any more.
    await page.goto('/databases/new');
    await name(page).waitFor();
    assert.equal(await name(page).inputValue(), '');
    assert.deepEqual(problems, []);
    await context.close();
  });
});
