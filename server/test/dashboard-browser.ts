import { existsSync } from 'node:fs';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { ensureDashboard } from '../src/host/dashboard.ts';
import { CHROMIUM, openBrowser, signedIn } from './browser.ts';
import {
  freePort,
  startTestApp,
  type TestApp,
  type TestAppOptions,
  type TestTeam,
  testConfig,
} from './harness.ts';

/** How long the browser may take for a step, in milliseconds: generous, for a loaded machine. */
const PATIENCE = 60_000;

/** For `describe`: why there is nothing to test with, or false. */
export const withoutBrowser = !existsSync(CHROMIUM) && 'chromium is not installed';

/** A server with the dashboard, and a browser. */
export interface Console {
  test: TestApp;
  browser: Browser;
  /** A page of somebody who is signed in, in a window of its own. `problems` gathers errors and violations of the policy. */
  open(
    team: TestTeam,
    options?: Parameters<typeof signedIn>[3],
  ): Promise<{ page: Page; problems: string[]; context: BrowserContext }>;
  close(): Promise<void>;
}

/** Builds the dashboard where that is due, and starts a server, which has the same address after it was restarted. */
export async function openConsole({
  settings = {},
  ...options
}: TestAppOptions & { settings?: Record<string, string> } = {}): Promise<Console> {
  const dashboard = await ensureDashboard();
  const config = testConfig({ DANUBE_LISTEN: `127.0.0.1:${await freePort()}`, ...settings });
  const test = await startTestApp({ dashboard, config, ...options });
  const browser = await openBrowser();
  return {
    test,
    browser,
    async open(team, options) {
      const context = await signedIn(browser, test, team, options);
      const page = await context.newPage();
      return { page, problems: watch(page), context };
    },
    async close() {
      await browser.close();
      await test.close();
    },
  };
}

/** Gathers the errors of a page, and gives its steps their time. */
export function watch(page: Page): string[] {
  page.setDefaultTimeout(PATIENCE);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) problems.push(message.text());
  });
  return problems;
}

/** Most elements of a page that the keyboard passes before it has been everywhere. */
const MOST_STEPS = 150;

/** Goes on with the tabulator until the element has the focus. Throws where it cannot be reached. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.first().waitFor();
  for (let step = 0; step < MOST_STEPS; step += 1) {
    if ((await target.and(page.locator(':focus')).count()) > 0) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`The keyboard does not reach ${target}.`);
}
