import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { createLink } from '../src/identity/accounts/links.ts';
import { type Call, clientOf, newVps } from './client.ts';
import { type Console, openConsole, watch, withoutBrowser } from './dashboard-browser.ts';
import { createTeam, type TestApp, type TestTeam, waitFor } from './harness.ts';
import { createPerson, PASSWORD } from './people.ts';

describe('the dashboard in a browser', { skip: withoutBrowser }, () => {
  let console: Console;
  let test: TestApp;
  let browser: Browser;
  before(async () => {
    console = await openConsole();
    ({ test, browser } = console);
  });
  after(() => console?.close());

  const open = async (team: TestTeam): Promise<[Page, string[]]> => {
    const { page, problems } = await console.open(team);
    return [page, problems];
  };

  it('sets the password by the link of a new account, signs in with it, and out', async () => {
    const person = await createPerson(test.database, { password: null });
    const secret = await test.database.transaction((tx) => createLink(tx, 'password', person, 1));
    const context = await browser.newContext({ baseURL: test.app.url! });
    const page = await context.newPage();
    watch(page);
    await page.goto(`/account/password#${secret}`);
    await page.getByLabel('New password').fill('short');
    await page.getByRole('button', { name: 'Set the password' }).click();
    await page.locator('input[aria-invalid="true"]').waitFor();
    await page.getByLabel('New password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Set the password' }).click();
    await page.waitForURL(/\/sign-in/);
    await page.goto('/firewalls');
    await page.waitForURL(/\/sign-in\?next=/);
    await page.getByLabel('E-mail').fill(person.email);
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page
      .getByRole('region', { name: 'Notices' })
      .getByText(/password/i)
      .waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Firewalls' }).waitFor();
    await page.getByRole('button', { name: /Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL(/\/sign-in/);
    await context.close();
  });

  it('adds a passkey, and signs in with it', async () => {
    const person = await createPerson(test.database);
    // Browsers make no passkeys for an IP address.
    const context = await browser.newContext({ baseURL: test.app.url!.replace('127.0.0.1', 'localhost') });
    const page = await context.newPage();
    watch(page);
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    });
    await page.goto('/sign-in?next=/settings');
    await page.getByLabel('E-mail').fill(person.email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Fingerprint of a test');
    await dialog.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('Fingerprint of a test').waitFor();
    await context.clearCookies();
    await page.goto('/sign-in');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    const methods = await test.database.db
      .selectFrom('sessions')
      .select('method')
      .where('user_id', '=', person.accountId)
      .orderBy('created_at')
      .execute();
    assert.deepEqual(
      methods.map(({ method }) => method),
      ['password', 'passkey'],
    );
    await context.close();
  });

  it('creates a server, shows what others do with it at once, and deletes it', async () => {
    const team = await createTeam(test.database);
    const call: Call = clientOf(test.app.url!, team.token);
    const [page, problems] = await open(team);
    await page.goto('/');
    const navigation = page.getByRole('navigation', { name: 'Main' });
    await navigation.getByRole('link', { name: 'VPS' }).click();
    await page.getByRole('link', { name: 'Create server' }).first().click();
    await page.getByRole('radio', { name: /^Password/ }).check();
    await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
    await page.getByLabel('Password again').fill('correct horse battery');
    await page.getByLabel('Name').fill('Not a name');
    await page.getByRole('button', { name: 'Create server' }).click();
    // The server's sentence, at the field, which has the focus.
    const name = page.getByLabel('Name');
    await page.locator('input[aria-invalid="true"]').waitFor();
    assert.match((await name.getAttribute('aria-describedby')) ?? '', /error/);
    await name.fill('web-1');
    await page.getByRole('button', { name: 'Create server' }).click();
    await page.getByRole('heading', { name: 'web-1' }).waitFor();
    await page.getByText('Running', { exact: true }).first().waitFor();

    // Somebody else stops it, and makes another one.
    const { data } = (await call('GET', '/vps')).body;
    await navigation.getByRole('link', { name: 'VPS' }).click();
    await page.getByRole('row', { name: /web-1.*Running/ }).waitFor();
    assert.equal((await call('POST', `/vps/${data[0].id}/stop`)).status, 200);
    await page.getByRole('row', { name: /web-1.*Stopped/ }).waitFor();
    assert.equal((await call('POST', '/vps', newVps({ name: 'from-elsewhere' }))).status, 201);
    await page.getByRole('row', { name: /from-elsewhere.*Running/ }).waitFor();

    // Filters are in the address, and survive a reload.
    await page.getByRole('searchbox').fill('web');
    await page.waitForURL(/q=web/);
    await page.reload();
    await page.getByRole('row', { name: /web-1/ }).waitFor();
    assert.equal(await page.getByRole('row', { name: /from-elsewhere/ }).count(), 0);

    await page.getByRole('button', { name: 'More actions: web-1' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill('web-1');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Nothing fits these filters').waitFor();
    assert.deepEqual(problems, []);
  });

  it('creates an alert on a server, changes and turns it off', async () => {
    const team = await createTeam(test.database);
    const call: Call = clientOf(test.app.url!, team.token);
    assert.equal((await call('POST', '/vps', newVps({ name: 'web-1' }))).status, 201);
    const [page] = await open(team);
    await page.goto('/alerts');
    await page.getByRole('button', { name: 'Create alert' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Instance').selectOption({ label: 'web-1 (server)' });
    await dialog.getByLabel('Measurement').selectOption('memory_usage');
    await dialog.getByLabel('Limit').fill('75');
    await dialog.getByLabel('Name').fill('Short of memory');
    await dialog.getByRole('switch', { name: 'By e-mail' }).uncheck();
    await dialog.getByRole('button', { name: 'Create alert' }).click();
    await page.getByRole('link', { name: 'Short of memory' }).click();
    await page.getByRole('button', { name: 'Edit' }).click();
    await dialog.getByLabel('Limit').fill('85');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('above 85 % for 5 min').waitFor();
    await page.getByRole('button', { name: 'Turn off' }).click();
    await page.getByRole('row', { name: /Turned off/ }).waitFor();
    const { data } = (await call('GET', '/metric-alerts?sort=-created_at')).body;
    const made = data.find(({ name }: { name: string }) => name === 'Short of memory');
    assert.deepEqual(
      [made.metric_type, made.threshold_value, made.notification_channels, made.status],
      ['memory_usage', 85, ['database', 'webhook'], 'disabled'],
    );
  });

  it('creates a bucket, and changes its settings', async () => {
    const team = await createTeam(test.database);
    const call: Call = clientOf(test.app.url!, team.token);
    const [page] = await open(team);
    await page.goto('/object-storage');
    await page.getByRole('button', { name: 'Create bucket' }).first().click();
    await page.getByRole('dialog').getByLabel('Name').fill('photos');
    await page.getByRole('dialog').getByRole('button', { name: 'Create bucket' }).click();
    await page.getByRole('link', { name: 'photos' }).click();
    await page
      .getByRole('navigation', { name: 'Sections of the bucket' })
      .getByRole('link', { name: 'Settings' })
      .click();
    await page.getByLabel('Tags').fill('shop=sea\nstage=test');
    await page.getByLabel('Lifecycle rules').fill('[{');
    const save = page.getByRole('button', { name: 'Save' });
    await save.click();
    await page.getByText('Lifecycle rules: this is no JSON.').waitFor();
    await page
      .getByLabel('Lifecycle rules')
      .fill('[{"ID":"logs","Status":"Enabled","Filter":{"Prefix":"logs/"},"Expiration":{"Days":30}}]');
    await save.click();
    const read = async () => (await call('GET', '/storage/buckets')).body.data[0];
    await waitFor('the rules', async () => (await read()).lifecycle_rules !== null);
    const bucket = await read();
    assert.deepEqual(bucket.tags, ['shop=sea', 'stage=test']);
    assert.deepEqual(bucket.lifecycle_rules[0].Expiration, { Days: 30 });
  });

  it('saves of what somebody wants to be told, and how', async () => {
    const [page] = await open(await createTeam(test.database));
    await page.goto('/notifications');
    await page.getByRole('link', { name: 'Notification preferences' }).click();
    const saves = async (change: Promise<unknown>) => {
      const isSave = (request: { method(): string }) => request.method() === 'PUT';
      const [answer] = await Promise.all([page.waitForResponse((one) => isSave(one.request())), change]);
      assert.equal(answer.status(), 200);
    };
    await saves(page.getByLabel('Resource failed: E-mail').selectOption('daily'));
    const inApp = page.getByLabel(/^Resource created: (?!E-mail)/);
    await saves(inApp.uncheck());
    await page.reload();
    await page.getByLabel('Resource failed: E-mail').waitFor();
    assert.equal(await page.getByLabel('Resource failed: E-mail').inputValue(), 'daily');
    assert.equal(await inApp.isChecked(), false);
  });

  it('tells that the connection is lost, and goes on by itself when it is back', async () => {
    const team = await createTeam(test.database);
    const [page] = await open(team);
    await page.goto('/vps');
    await page.getByText('No servers yet').waitFor();
    await page.context().setOffline(true);
    await waitFor('the page to say so', () => {
      // Being offline only keeps new connections from being made, and one may be on its way at this moment.
      test.app.http.server.closeAllConnections();
      return page.getByText(/The connection is lost/).isVisible();
    });
    const call: Call = clientOf(test.app.url!, team.token);
    assert.equal((await call('POST', '/vps', newVps({ name: 'meanwhile' }))).status, 201);
    await page.context().setOffline(false);
    await page.getByRole('row', { name: /meanwhile/ }).waitFor();
    await page.getByText(/The connection is lost/).waitFor({ state: 'detached' });
  });
});
