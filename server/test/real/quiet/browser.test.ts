import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TOTP, URI } from 'otpauth';
import type { Page } from 'playwright-core';
import { clientOf } from '../../client.ts';
import { withoutBrowser } from '../../dashboard-browser.ts';
import { waitFor } from '../../harness.ts';
import { PASSWORD } from '../../people.ts';
import {
  answersSsh,
  BrowserWorld,
  lost,
  markDocument,
  signIn,
  signOut,
  type Window,
} from '../browser-world.ts';

/** Seconds for what needs an image, which may have to be built. */
const PATIENCE = 1800;
const ADMIN = 'admin@localhost';
const GUEST = 'grace@example.org';

/** What people do with a new install in a browser, in one story on real instances. */
describe('a new install in a browser', { skip: withoutBrowser, timeout: 3_600_000 }, () => {
  const world = new BrowserWorld();
  /** The browser of the first account, and that of somebody whom it invites. */
  let own: Window;
  let page: Page;
  let guest: Window;
  let token = '';
  before(async () => {
    await world.open();
    own = await world.window();
    page = own.page;
  });
  after(() => world.close());

  const url = () => world.console.test.app.url!;
  const call = (path: string) => clientOf(url(), token)('GET', path);
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const navigation = (on: Page) => on.getByRole('navigation', { name: 'Main' });
  const overview = () => page.getByRole('heading', { name: 'Overview', exact: true }).waitFor();
  const only = async (kind: 'vps' | 'database') => {
    const { data } = (await call(`/${kind}`)).body;
    assert.equal(data.length, 1);
    return data[0];
  };
  const running = (kind: 'vps' | 'database') =>
    waitFor(
      `the ${kind} to run`,
      async () => {
        const { status, status_details } = await only(kind);
        assert.notEqual(status, 'error', JSON.stringify(status_details));
        return status === 'running';
      },
      PATIENCE,
    );
  const row = (on: Page, name: RegExp) => on.getByRole('row', { name });
  const shows = (what: RegExp) =>
    waitFor(`the terminal to show ${what}`, async () => {
      const lines = await page.locator('.xterm-rows > div').allTextContents();
      return what.test(lines.map((line) => line.trimEnd()).join('\n'));
    });

  it('is entered by the link that the first start prints', async () => {
    await page.goto(world.console.test.app.firstLink!);
    await page.getByLabel('New password').fill(PASSWORD);
    await button('Set the password').click();
    await page.waitForURL(/\/sign-in/);
    await signIn(page, ADMIN, PASSWORD);
    await overview();
    assert.equal(await page.getByText('Simulated').count(), 0);
  });

  it('lets somebody sign in with codes of an app', async () => {
    await navigation(page).waitFor();
    await page.getByRole('link', { name: 'Settings' }).click();
    await button('Turn on').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('img', { name: /^QR code/ }).waitFor();
    const address = await dialog.getByRole('link', { name: 'Open in an app' }).getAttribute('href');
    const app = URI.parse(address!) as TOTP;
    await dialog.getByLabel('Code', { exact: true }).fill(app.generate());
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('region', { name: 'Your recovery codes' }).waitFor();
    await button('I have kept them').click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText(/^On\. 10 recovery codes are left/).waitFor();
    await signOut(page);
    await signIn(page, ADMIN, PASSWORD);
    await page.getByRole('heading', { name: 'One more step' }).waitFor();
    // The code before was used, and each works once.
    await page.getByLabel('Code').fill(app.generate({ timestamp: Date.now() + 30_000 }));
    await button('Sign in').click();
    await overview();
  });

  it('lets somebody sign in with a passkey', async () => {
    const devtools = await own.context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const options = {
      ...({ protocol: 'ctap2', transport: 'internal', hasResidentKey: true } as const),
      ...{ hasUserVerification: true, isUserVerified: true },
    };
    await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
    await page.goto('/settings');
    await button('Add a passkey').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Fingerprint of a test');
    await dialog.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('Fingerprint of a test').waitFor();
    await signOut(page);
    await button('Sign in with a passkey').click();
    await overview();
  });

  it('gives out a token, and shows that it was used', async () => {
    await page.goto('/tokens');
    await button('New token').first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('for a script');
    await dialog.getByRole('radio', { name: /^Read/ }).check();
    await dialog.getByRole('button', { name: 'Make the token' }).click();
    token = (await page.getByRole('region', { name: 'Token' }).textContent())!.trim();
    await button('I have kept it').click();
    await row(page, /for a script.*never/).waitFor();
    assert.equal((await call('/vps')).status, 200);
    await waitFor('the use to be shown', async () => {
      await page.reload();
      await row(page, /for a script/).waitFor();
      return (await row(page, /for a script.*127\.0\.0\.1/).count()) === 1;
    });
  });

  it('makes a server, and opens a shell in it', async () => {
    await page.goto('/vps/new');
    await page.getByRole('radio', { name: /^Password/ }).check();
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Password again').fill(PASSWORD);
    await page.getByLabel('Name', { exact: true }).fill('web-1');
    await page.getByRole('radio', { name: /€/ }).first().waitFor();
    await button('Create server').click();
    await page.getByRole('heading', { name: 'web-1', exact: true }).waitFor();
    const isSame = await markDocument(page);
    await running('vps');
    await page.getByText('Running', { exact: true }).first().waitFor();
    await page.getByRole('link', { name: 'Console', exact: true }).click();
    await page.getByText('Connected', { exact: true }).waitFor();
    await shows(/root@web-1:~# *$/m);
    await page.keyboard.type('echo $((6 * 7))-is-it\n');
    await shows(/^42-is-it/m);
    assert.ok(await isSame());
  });

  it('says that the network is gone, and goes on in the same shell', async () => {
    const isSame = await markDocument(page);
    await page.keyboard.type('half-a-');
    await shows(/# half-a-/);
    world.line.cut();
    await page.getByText('Connection lost', { exact: true }).waitFor();
    await lost(page).waitFor();
    world.line.mend();
    await page.getByText('Connected', { exact: true }).waitFor();
    await lost(page).waitFor({ state: 'detached' });
    await page.keyboard.type('line\n');
    await shows(/half-a-line: command not found/);
    assert.ok(await isSame());
  });

  it('locks itself out on trial', async () => {
    const { public_ip: address } = await only('vps');
    await waitFor('SSH to answer', () => answersSsh(address));
    await navigation(page).getByRole('link', { name: 'Firewalls' }).click();
    await page.getByRole('link', { name: 'web-1-default' }).click();
    for (const left of [1, 0]) {
      await button('Remove').first().click();
      await waitFor('the rule to be away', async () => (await button('Remove').count()) === left);
    }
    await page.getByText('No rules: nothing gets in').waitFor();
    await button('Put into force on trial').click();
    await page.getByText(/^The rules before come back in \d+ s/).waitFor();
    await waitFor('SSH to be out of reach', async () => !(await answersSsh(address)));
  });

  it('makes a database, and tries a query', async () => {
    await page.goto('/databases/new');
    await page.getByLabel('Name', { exact: true }).fill('shop');
    await page.getByRole('radio', { name: /€/ }).first().waitFor();
    await button('Create database').click();
    await page.getByRole('heading', { name: 'shop', exact: true }).waitFor();
    await running('database');
    await page.getByText('Running', { exact: true }).first().waitFor();
    await page.getByRole('link', { name: 'Connect', exact: true }).click();
    await button('Test connection').click();
    await page.getByText(/^Programs that may reach .* can use it/).waitFor();
    const works = page.getByRole('listitem').filter({ hasText: 'Works' });
    await works.filter({ hasText: 'A query was answered' }).waitFor();
    assert.equal(await works.count(), 5);
  });

  it('invites somebody, who sees in another browser at once what is done', async () => {
    await page.goto('/team');
    await page.getByLabel('Name of the team').fill('Sea shop');
    await button('Rename').click();
    await page.getByRole('button', { name: 'Switch team: Sea shop' }).waitFor();
    await button('Invite').click();
    await page.getByRole('radio', { name: /^Viewer/ }).check();
    await page.getByRole('dialog').getByLabel('E-mail').fill(GUEST);
    await button('Send the invitation').click();
    guest = await world.window();
    const { page: theirs } = guest;
    await theirs.goto(await world.linkTo(GUEST));
    await theirs.getByRole('button', { name: 'Open an account' }).click();
    await theirs.getByLabel('Name').fill('Grace');
    await theirs.getByLabel('Password').fill(PASSWORD);
    await theirs.getByRole('button', { name: 'Open the account' }).click();
    await theirs.getByRole('link', { name: 'To the sign-in' }).click();
    assert.equal(await page.getByLabel('Role of Grace').inputValue(), 'viewer');
    await signIn(theirs, GUEST, PASSWORD);
    await navigation(theirs).waitFor();
    await theirs.getByRole('button', { name: /^Switch team/ }).click();
    await theirs.getByRole('menuitem', { name: 'Sea shop' }).click();
    await theirs.getByRole('button', { name: 'Switch team: Sea shop' }).waitFor();
    await navigation(theirs).getByRole('link', { name: 'Databases' }).click();
    await row(theirs, /shop.*Running/).waitFor();
    const isSame = await markDocument(theirs);
    await navigation(page).getByRole('link', { name: 'Databases' }).click();
    await stopOrStart('Stop');
    await row(theirs, /shop.*Stopped/).waitFor();
    assert.ok(await isSame());
  });

  /** By the menu of the list. */
  async function stopOrStart(action: 'Stop' | 'Start'): Promise<void> {
    await page.getByRole('button', { name: 'More actions: shop' }).click();
    await page.getByRole('menuitem', { name: action, exact: true }).click();
    if (action === 'Stop') await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
  }

  it('says in all browsers that the server is away, and goes on by itself after its restart', async () => {
    const pages = [page, guest.page];
    const areSame = await Promise.all(pages.map(markDocument));
    // Until all have said so.
    world.line.block();
    await Promise.all([world.console.test.restart(), ...pages.map((one) => lost(one).waitFor())]);
    world.line.mend();
    for (const one of pages) await lost(one).waitFor({ state: 'detached' });
    await stopOrStart('Start');
    for (const one of pages) await row(one, /shop.*Running/).waitFor();
    for (const isSame of areSame) assert.ok(await isSame());
  });

  it('lets everybody in again where nobody has confirmed the new rules', async () => {
    await navigation(page).getByRole('link', { name: 'Firewalls' }).click();
    await page.getByRole('link', { name: 'web-1-default' }).click();
    const { public_ip: address } = await only('vps');
    // Two minutes later.
    await world.console.test.database.pool.query(
      'update firewalls set confirm_by = now() where confirm_by is not null',
    );
    await page.getByText('Nobody confirmed the rules in time').first().waitFor();
    await waitFor('SSH to answer again', () => answersSsh(address));
    await page.getByText(/^The rules before come back/).waitFor({ state: 'detached' });
    assert.deepEqual([...own.problems, ...guest.problems], []);
  });
});
