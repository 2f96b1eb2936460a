/**
 * `npm run screenshots`: pictures of the dashboard's pages in both themes, on a wide and on a narrow screen, in the folder
 * `screenshots`. Words behind it choose pages by a part of their name, numbers other widths, in pixels.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { ensureDashboard } from '../server/src/host/dashboard.ts';
import { openBrowser, signedIn } from '../server/test/browser.ts';
import { fillTeam, PAGES } from '../server/test/dashboard-pages.ts';
import { startTestApp } from '../server/test/harness.ts';
import {
  installTestPackages,
  prepareTestInstall,
  ROOT,
  removeTestInstall,
  startTestPostgres,
  terminal,
} from './test-install.ts';
import { packagesFor } from './test-packages.ts';

const FOLDER = path.join(ROOT, 'screenshots');
const given = process.argv.slice(2);
const widths = given.map(Number).filter((width) => width > 0);
const wanted = given.filter((word) => !(Number(word) > 0));
const SIZES =
  widths.length > 0
    ? widths.map((width) => ({ name: String(width), width, height: 900 }))
    : [
        { name: 'wide', width: 1440, height: 900 },
        { name: 'narrow', width: 390, height: 844 },
      ];

try {
  await prepareTestInstall('sim');
  await installTestPackages(packagesFor(['server/test/dashboard.test.ts'], 'sim'));
  await startTestPostgres({ durable: false });
  await takeAll();
} finally {
  await removeTestInstall();
}
process.exit(0);

async function takeAll(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const dashboard = await ensureDashboard((build) => terminal.step('Building the dashboard', build));
  const test = await startTestApp({ dashboard });
  const browser = await openBrowser();
  try {
    const filled = await fillTeam(test);
    const pages = PAGES.filter(
      ({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
    );
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const { name: size, ...viewport } of SIZES) {
        const context = await signedIn(browser, test, test.team, { colorScheme, viewport });
        const page = await context.newPage();
        page.on('pageerror', (error) => terminal.line(`  ${error.message}`));
        page.on('console', (message) => {
          if (message.type() === 'error') terminal.line(`  ${message.text()}`);
        });
        for (const { name, url, prepare } of pages) {
          await page.goto(url(filled));
          await settle(page);
          await prepare?.(page);
          await page.screenshot({
            path: path.join(FOLDER, `${name}-${size}-${colorScheme}.png`),
            fullPage: size !== 'narrow',
            // Menus and dialogs are shown as they are once they are open.
            animations: 'disabled',
          });
        }
        await context.close();
      }
    }
    terminal.line(`  ${pages.length * SIZES.length * 2} pictures in ${FOLDER}`);
  } finally {
    await browser.close();
    await test.close();
  }
}

/** Waits until nothing is being loaded any more. */
async function settle(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
}
