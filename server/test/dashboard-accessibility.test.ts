import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { type Console, openConsole, withoutBrowser } from './dashboard-browser.ts';
import { fillTeam, PAGES } from './dashboard-pages.ts';

const USUAL_WIDTH = 1280;
const HEIGHT = 720;
/** From the narrowest phones to a window over all of a 4K screen. */
const WIDTHS = [360, 768, 1024, 1920, 3840];
/** What makes the page wider than its window: what can be scrolled by itself does not. */
const BEYOND_WINDOW = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  return [...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > clientWidth)
    .map((element) => element.outerHTML.slice(0, 200))
    .slice(0, 3);
})()`;
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

describe('the dashboard', { skip: withoutBrowser }, () => {
  let console: Console;
  before(async () => {
    console = await openConsole();
  });
  after(() => console?.close());

  it('keeps nobody out on any page, in either theme, and fits into windows of all widths', async () => {
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
      // An open menu keeps the page as wide as it was.
      if ((await page.getByRole('menu').count()) > 0) await page.keyboard.press('Escape');
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: HEIGHT });
        // Graphs and editors take their new width with one of the next frames.
        const fits = page.waitForFunction(`${BEYOND_WINDOW}.length === 0`).catch(() => null);
        if (!(await fits))
          assert.deepEqual(await page.evaluate(BEYOND_WINDOW), [], `${name}, ${width} px wide`);
      }
      await page.setViewportSize({ width: USUAL_WIDTH, height: HEIGHT });
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
