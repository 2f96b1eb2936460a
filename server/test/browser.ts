import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { openSession, type TestApp, type TestTeam } from './harness.ts';

/** Debian's; not the wrapper in `/usr/bin`, which prints on its own. */
export const CHROMIUM = '/usr/lib/chromium/chromium';

/** A browser without a window. It runs as root in tests, where its own sandbox does not work. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });

/** A window of its own, in which the account of the team is signed in. */
export async function signedIn(
  browser: Browser,
  test: TestApp,
  team: TestTeam,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: test.app.url!, ...options });
  const [name, value] = (await openSession(test.database, team)).split('=') as [string, string];
  await context.addCookies([{ name, value, url: test.app.url! }]);
  return context;
}
