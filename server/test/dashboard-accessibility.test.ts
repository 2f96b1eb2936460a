import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { type Console, openConsole, withoutBrowser } from './dashboard-browser.ts';
import { fillTeam, PAGES } from './dashboard-pages.ts';

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

describe('the dashboard', { skip: withoutBrowser }, () => {
  let console: Console;
  before(async () => {
    console = await openConsole();
  });
  after(() => console?.close());

  it('keeps nobody out on any page, in either theme', async () => {
    const filled = await fillTeam(console.test);
    const { page, problems } = await console.open(console.test.team, { bypassCSP: true });
    for (const { name, url, prepare } of PAGES) {
      await page.emulateMedia({ colorScheme: 'light' });
      await page.goto(url(filled));
      // Colours that are on their way from one theme to the other are those of neither.
      await page.addStyleTag({ content: '* { transition: none !important; animation: none !important }' });
      await page.locator('h1').first().waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      await prepare?.(page);
      await page.evaluate(axe.source);
      assert.deepEqual(await violations(page, STANDARDS), [], `${name}, light`);
      await page.emulateMedia({ colorScheme: 'dark' });
      assert.deepEqual(await violations(page, ['color-contrast']), [], `${name}, dark`);
    }
    assert.deepEqual(problems, []);
  });
});

/** What axe finds wrong on the page. */
async function violations(page: Page, rules: readonly string[]): Promise<string[]> {
  // These elements of menus and dialogs pass on the focus that they get.
  const context = { exclude: [['[data-base-ui-focus-guard]']] };
  const found = await page.evaluate(
    `axe.run(${JSON.stringify(context)}, { runOnly: ${JSON.stringify(rules)} })`,
  );
  return (found as axe.AxeResults).violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`,
  );
}
