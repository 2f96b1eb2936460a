import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ensureDashboard } from '../src/host/dashboard.ts';
import { CHROMIUM, openBrowser, signedIn } from './browser.ts';
import { clientOf, newVps } from './client.ts';
import { customerOf } from './customer.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from './harness.ts';

/** How long the browser may take for a step, in milliseconds: generous, for a loaded machine. */
const PATIENCE = 60_000;
/** Large enough for all of the terminal to be in sight. */
const WINDOW = { width: 1200, height: 900 };

describe('the console in a browser', { skip: !existsSync(CHROMIUM) && 'chromium is not installed' }, () => {
  let test: TestApp;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let vps: string;
  const problems: string[] = [];
  /** The connections of consoles, to cut them. */
  const connections: Duplex[] = [];
  before(async () => {
    test = await startTestApp({ dashboard: await ensureDashboard() });
    test.app.http.server.on('upgrade', (_request, socket: Duplex) => connections.push(socket));
    const team = await createTeam(test.database);
    vps = await customerOf(clientOf(test.app.url!, team.token)).running('vps', newVps({ name: 'web-1' }));
    browser = await openBrowser();
    context = await signedIn(browser, test, team, {
      viewport: WINDOW,
      colorScheme: 'dark',
    });
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) problems.push(message.text());
    });
    await page.goto(`/vps/${vps}/console`);
  });
  after(async () => {
    await browser?.close();
    await test?.close();
  });

  const shown = async () =>
    (await page.locator('.xterm-rows > div').allTextContents()).map((line) => line.trimEnd()).join('\n');
  const sees = (expected: RegExp) =>
    waitFor(`the terminal to show ${expected}`, async () => expected.test(await shown()));
  const sizes = async () =>
    [...(await shown()).matchAll(/(\d+) (\d+)\n/g)].map(([, rows, columns]) => [
      Number(rows),
      Number(columns),
    ]);

  it('is a shell that has the size of the window, under the policy of the page', async () => {
    await page.getByText('Connected').waitFor();
    await sees(/root@simulated:~#/);
    await page.keyboard.type('stty size\n');
    await waitFor('the size', async () => (await sizes()).length === 1);
    await page.setViewportSize({ width: 700, height: 500 });
    await waitFor('another size', async () => {
      await page.keyboard.type('stty size\n');
      const [first, last] = [(await sizes())[0]!, (await sizes()).at(-1)!];
      return last[1]! < first[1]! && last[0]! < first[0]!;
    });
    await page.setViewportSize(WINDOW);
    assert.deepEqual(problems, []);
  });

  it('copies and pastes', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.evaluate(`navigator.clipboard.writeText('pasted-words')`);
    await page.keyboard.press('Control+Shift+V');
    await sees(/~# pasted-words/);
    await page.keyboard.press('Enter');
    await sees(/pasted-words: command not found/);
    const word = page.locator('.xterm-rows').getByText('pasted-words: command').first();
    // The terminal itself takes the clicks, whatever is written there.
    const { x, y } = (await word.boundingBox())!;
    await page.mouse.dblclick(x + 20, y + 8);
    await page.keyboard.press('Control+Shift+C');
    await waitFor(
      'the copy',
      async () => (await page.evaluate('navigator.clipboard.readText()')) !== 'pasted-words',
    );
  });

  it('says that the connection is lost, and comes back to the same shell', async () => {
    await page.keyboard.type('half-a-');
    await sees(/~# half-a-/);
    for (const socket of connections) socket.destroy();
    await page.getByText('Connection lost').waitFor();
    await page.getByText('Connected').waitFor();
    await page.keyboard.type('line\n');
    await sees(/half-a-line: command not found/);
    // The same after the page is loaded anew.
    await page.keyboard.type('another-');
    await sees(/~# another-/);
    await page.reload();
    await page.getByText('Connected').waitFor();
    await page.keyboard.type('one\n');
    await sees(/another-one: command not found/);
    assert.deepEqual(problems, []);
  });

  it('says how it has ended, and opens a new one', async () => {
    await page.keyboard.type('exit 3\n');
    await page.getByText('The shell has ended. Exit status 3.').waitFor();
    await page.getByRole('button', { name: 'Open a new console' }).click();
    await page.getByText('Connected').waitFor();
    await sees(/^\s*root@simulated:~#/);
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await page.getByText('Ended', { exact: true }).waitFor();
    await waitFor(
      'no console to be left',
      async () => (await test.database.db.selectFrom('consoles').select('id').execute()).length === 0,
    );
    assert.deepEqual(problems, []);
  });
});
