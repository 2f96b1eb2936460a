import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { clientOf, newVps } from './client.ts';
import { type Console, openConsole, withoutBrowser } from './dashboard-browser.ts';
import { createTeam } from './harness.ts';

const SERVERS = 1000;
/** Most rows that a browser has to lay out at once. */
const MOST_ROWS = 100;

describe('a list of 1,000 servers', { skip: withoutBrowser }, () => {
  let console: Console;
  before(async () => {
    console = await openConsole();
  });
  after(() => console?.close());

  it('has few rows at a time, shows the newest before all are read, and finds each', async () => {
    const team = await createTeam(console.test.database);
    const call = clientOf(console.test.app.url!, team.token);
    assert.equal((await call('POST', '/vps', newVps({ name: 'web' }))).status, 201);
    const { page, problems, context } = await console.open(team);
    const letRest = await multiply(page, (await call('GET', '/vps')).body.data[0]);
    await page.goto('/vps');
    await page.getByRole('link', { name: 'web-1000', exact: true }).waitFor();
    assert.ok((await rows(page)) < MOST_ROWS);
    letRest();
    await page.getByText(`of ${SERVERS}`).waitFor();
    assert.ok((await rows(page)) < MOST_ROWS);
    await page.getByRole('checkbox', { name: 'Select all' }).check();
    assert.ok((await rows(page)) < MOST_ROWS);
    await page.goto('/vps?page=20');
    await page.getByRole('link', { name: 'web-1', exact: true }).waitFor();
    await page.getByRole('searchbox').fill('web-777');
    await page.getByRole('link', { name: 'web-777', exact: true }).waitFor();
    assert.deepEqual(problems, []);
    await context.close();
  });
});

const rows = (page: Page): Promise<number> => page.getByRole('row').count();

/** Answers lists with many servers like this one, the newest first. All but the first page waits for the returned function. */
async function multiply(page: Page, server: Record<string, unknown>): Promise<() => void> {
  const { promise: rest, resolve: letRest } = Promise.withResolvers<void>();
  await page.route('**/api/v1/vps?*', async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [perPage, after] = [Number(query.get('per_page')), Number(query.get('after') ?? 0)];
    if (after > 0) await rest;
    const data = Array.from({ length: Math.min(perPage, SERVERS - after) }, (_, at) => {
      const number = SERVERS - after - at;
      return {
        ...server,
        id: `0198c5a2-7f00-7a51-9d3e-${String(number).padStart(12, '0')}`,
        name: `web-${number}`,
      };
    });
    const next = after + data.length;
    const pagination = {
      total: SERVERS,
      count: data.length,
      per_page: perPage,
      current_page: 1,
      total_pages: 10,
      next_cursor: next < SERVERS ? String(next) : null,
    };
    await route.fulfill({ json: { data, pagination } });
  });
  return letRest;
}
