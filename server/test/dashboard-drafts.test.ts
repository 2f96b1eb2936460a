import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
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
