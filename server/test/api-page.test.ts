import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { CHROMIUM, openBrowser } from './browser.ts';
import { watch } from './dashboard-browser.ts';
import { startTestApp, type TestApp, waitFor } from './harness.ts';

/** A phone at night. */
const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: 'dark' as const };

describe('the interactive reference in a browser', {
  skip: !existsSync(CHROMIUM) && 'chromium is not installed',
}, () => {
  let test: TestApp;
  let browser: Browser;
  let page: Page;
  let problems: string[];
  before(async () => {
    test = await startTestApp();
    browser = await openBrowser();
    const context = await browser.newContext({ baseURL: test.app.url!, ...PHONE });
    page = await context.newPage();
    problems = watch(page);
    await page.goto('/docs/api');
  });
  after(async () => {
    await browser?.close();
    await test?.close();
  });

  it('finds operations by words', async () => {
    await page.getByLabel('Search operations').fill('create database');
    const paths = page.locator('.opblock-summary-path');
    await waitFor('the search to leave few', async () => {
      const shown = await paths.allTextContents();
      return shown.length > 0 && shown.length < 10 && shown.some((path) => /^\W*\/database\W*$/.test(path));
    });
  });

  it('fits a phone, and is dark where that is asked for', async () => {
    await page.locator('.opblock-summary-control').first().click();
    await page.locator('.opblock-body').first().waitFor();
    const left = await page.evaluate('window.scrollTo(1000, window.scrollY), window.scrollX');
    assert.equal(left, 0);
    const color = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    const [red = 255, green = 255, blue = 255] = String(color).match(/\d+/g)!.map(Number);
    assert.ok(Math.max(red, green, blue) < 100, String(color));
  });

  it('keeps the token over a reload', async () => {
    await page.locator('.btn.authorize.unlocked').click();
    const token = page.locator('.auth-container', { hasText: 'token' }).first();
    await token.locator('input').fill(test.team.token);
    await token.getByRole('button', { name: 'Apply credentials' }).click();
    await token.getByRole('button', { name: 'Remove authorization' }).waitFor();
    await page.reload();
    await page.locator('.btn.authorize.locked').waitFor();
    assert.deepEqual(problems, []);
  });
});
