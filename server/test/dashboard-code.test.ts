import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page, Request } from 'playwright-core';
import { runCurl } from './curl-calls.ts';
import { type Console, openConsole, withoutBrowser } from './dashboard-browser.ts';
import { type Filled, fillTeam } from './dashboard-pages.ts';

interface CreateForm {
  url: (filled: Filled) => string;
  /** The button that opens it, where it is not a page. */
  opens?: string;
  fields: Readonly<Record<string, string>>;
  /** What is chosen, by the label of the list. */
  chosen?: Readonly<Record<string, string>>;
  /** What else is done in the form. */
  prepare?: (inside: Locator) => Promise<unknown>;
  sends: string;
}

/** Ends the strings of most languages. */
const NAME = `it's "a" $(name)`;
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS';

const at = (url: string) => () => url;

/** Every form that creates something for a team. */
const FORMS: readonly CreateForm[] = [
  {
    url: at('/vps/new'),
    fields: { Name: NAME, 'Public key': `${KEY} ada's laptop`, 'Cloud-init': `#cloud-config\n# ${NAME}` },
    chosen: { 'SSH key': 'A new key' },
    sends: 'Create server',
  },
  {
    url: at('/vps/new'),
    fields: { Name: 'web-1' },
    chosen: { 'SSH key': 'ada@laptop' },
    sends: 'Create server',
  },
  {
    url: at('/databases/new'),
    fields: { Name: NAME, 'Name of the first database': 'shop' },
    sends: 'Create database',
  },
  { url: at('/caches/new'), fields: { Name: NAME }, sends: 'Create cache' },
  { url: at('/object-storage'), opens: 'Create bucket', fields: { Name: NAME }, sends: 'Create bucket' },
  {
    url: at('/object-storage'),
    opens: 'Create access key',
    fields: { Name: NAME },
    chosen: { 'May use': 'photos' },
    sends: 'Create access key',
  },
  {
    url: at('/firewalls'),
    opens: 'Create firewall',
    fields: { Name: NAME, Description: NAME },
    sends: 'Create firewall',
  },
  {
    url: at('/webhooks'),
    opens: 'Add an endpoint',
    fields: { Name: NAME, URL: 'https://hooks.example.org/', Events: 'vps.created, database.*' },
    sends: 'Add an endpoint',
  },
  {
    url: at('/ssh-keys'),
    opens: 'Add a key',
    fields: { Name: NAME, 'Public key': KEY },
    sends: 'Add a key',
  },
  {
    url: at('/parameter-groups'),
    opens: 'Create group',
    fields: { Name: NAME },
    prepare: async (inside) => {
      await inside.getByLabel('Add a parameter').fill('work_mem');
      await inside.getByRole('button', { name: 'Add work_mem' }).click();
      await inside.getByLabel('Value of work_mem').fill('8MB');
    },
    sends: 'Create group',
  },
  {
    url: at('/alerts'),
    opens: 'Create alert',
    fields: { Name: NAME, Limit: '75' },
    chosen: { Instance: 'web-1 (server)' },
    sends: 'Create alert',
  },
  {
    url: ({ vps }) => `/vps/${vps}/snapshots`,
    opens: 'Take a snapshot',
    fields: { Name: NAME },
    sends: 'Take a snapshot',
  },
  { url: at('/team'), opens: 'Invite', fields: {}, sends: 'Make a link' },
  { url: at('/team/new'), fields: { 'Name of the team': NAME }, sends: 'Make the team' },
  { url: at('/tokens'), opens: 'New token', fields: { Name: NAME }, sends: 'Make the token' },
  {
    url: at('/operator/announcements'),
    opens: 'Announce',
    fields: { Text: NAME },
    sends: 'Announce',
  },
];

describe('the code of a form that creates something', { skip: withoutBrowser }, () => {
  let console: Console;
  let filled: Filled;
  let page: Page;
  let problems: string[];
  let sent: Request[];
  before(async () => {
    console = await openConsole();
    filled = await fillTeam(console.test);
    ({ page, problems } = await console.open(console.test.team));
    sent = await catchWrites(page);
  });
  after(() => console?.close());

  for (const [number, form] of FORMS.entries()) {
    it(`is what the button sends: ${form.sends}, ${number + 1}`, async () => {
      sent.length = 0;
      await page.goto(form.url(filled));
      await page.locator('h1').first().waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      if (form.opens) await page.getByRole('button', { name: form.opens, exact: true }).first().click();
      const inside = form.opens ? page.getByRole('dialog') : page.locator('main');
      for (const [label, option] of Object.entries(form.chosen ?? {})) {
        await inside.getByLabel(label, { exact: true }).selectOption({ label: option });
      }
      for (const [label, text] of Object.entries(form.fields)) {
        await inside.getByLabel(new RegExp(`^${label}( ?optional)?$`)).fill(text);
      }
      await form.prepare?.(inside);
      await page.getByRole('button', { name: 'As code' }).click();
      const commands = (await page.getByRole('region', { name: 'curl' }).textContent())!;
      await page.getByRole('button', { name: 'TypeScript' }).click();
      await page.getByRole('region', { name: 'TypeScript' }).getByText('danube.POST').first().waitFor();
      if (!form.opens) await page.keyboard.press('Escape');
      await inside.getByRole('button', { name: form.sends, exact: true }).last().click();
      await page.getByText('Refused by the test.').first().waitFor();
      const calls = await runCurl(commands, '7');
      assert.deepEqual(
        calls.map(({ method, url, body }) => ({ method, url, body })),
        sent.map((request) => ({
          method: request.method(),
          url: request.url(),
          body: request.postDataJSON() as unknown,
        })),
      );
      assert.deepEqual(problems, []);
    });
  }
});

/** Keeps writes from the server, and returns them as they come. Keys are made, so that what needs them is sent; all else is refused. */
async function catchWrites(page: Page): Promise<Request[]> {
  const sent: Request[] = [];
  await page.route('**/api/v1/**', (route) => {
    const request = route.request();
    if (request.method() === 'GET') return route.continue();
    sent.push(request);
    const isKeyOfServer = request.url().endsWith('/ssh-keys') && page.url().endsWith('/vps/new');
    return isKeyOfServer
      ? route.fulfill({ status: 201, json: { message: 'Added.', key: { id: 7 } } })
      : route.fulfill({ status: 422, json: { message: 'Refused by the test.', code: 'validation_failed' } });
  });
  return sent;
}
