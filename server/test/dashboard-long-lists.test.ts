import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { clientOf, newVps } from './client.ts';
import { type Console, openConsole, withoutBrowser } from './dashboard-browser.ts';
import { createTeam } from './harness.ts';

const SERVERS = 1000;
/** Most rows that a browser has to lay out at once. */
const MOST_ROWS = 100;

describe('lists as their addresses say', { skip: withoutBrowser }, () => {
  let console: Console;
  before(async () => {
    console = await openConsole();
  });
  after(() => console?.close());

  it('of 1,000 servers have few rows at a time, show the newest before all are read, and find each', async () => {
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

  it('that are whole in the browser are filtered, sorted and paged', async () => {
    const team = await createTeam(console.test.database);
    const { page, problems, context } = await console.open(team);
    await page.route('**/api/v1/ssh-keys?*', answerKeys);
    await page.goto('/ssh-keys?sort=-name&page=3');
    const names = () => page.locator('tbody tr td:first-child').allTextContents();
    await page.getByText(`101–${KEYS} of ${KEYS}`).waitFor();
    assert.equal((await names())[0], 'key-019');
    await page.getByRole('searchbox').fill('key-11');
    await page.waitForURL((url) => url.search === '?sort=-name&q=key-11');
    await page.getByRole('cell', { name: 'key-119', exact: true }).waitFor();
    assert.equal((await names()).length, 10);
    await page.getByRole('button', { name: 'Name' }).click();
    await page.waitForURL((url) => url.searchParams.get('sort') === 'name');
    await page.reload();
    await page.getByRole('cell', { name: 'key-110', exact: true }).waitFor();
    assert.equal((await names())[0], 'key-110');
    await page.getByRole('searchbox').fill('nothing');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByText(`1–50 of ${KEYS}`).waitFor();
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('that come by the page are sorted by the server, and the log of events goes back', async () => {
    const team = await createTeam(console.test.database);
    const { page, problems, context } = await console.open(team);
    const asked = (path: string, ...wanted: string[]) =>
      page.waitForRequest((request) => {
        const { pathname, searchParams } = new URL(request.url());
        return pathname.endsWith(path) && wanted.every((one) => `${searchParams}`.includes(one));
      });
    await Promise.all([
      asked('/operations', 'sort=created_at', 'page=2'),
      page.goto('/operations?sort=created_at&page=2'),
    ]);
    await Promise.all([asked('/metric-alerts', 'sort=-name'), page.goto('/alerts?sort=-name')]);
    await page.route('**/api/v1/events?*', (route) =>
      route.fulfill({ json: { data: [EVENT], next_after: 1842, next_before: 1743, has_more: true } }),
    );
    await page.goto('/events?type=vps');
    await Promise.all([
      asked('/events', 'before=1743', 'resource_type=vps', 'order=desc'),
      page.getByRole('button', { name: 'Older' }).click(),
    ]);
    assert.equal(new URL(page.url()).searchParams.get('type'), 'vps');
    await page.getByRole('button', { name: 'Newest' }).click();
    await page.waitForURL((url) => !url.searchParams.has('before'));
    await page.goBack();
    await page.waitForURL((url) => url.searchParams.has('before'));
    assert.deepEqual(problems, []);
    await context.close();
  });
});

const KEYS = 120;

/** Answers as the server would with many keys, the newest first. */
async function answerKeys(route: Route): Promise<void> {
  const query = new URL(route.request().url()).searchParams;
  const [perPage, after] = [Number(query.get('per_page')), Number(query.get('after') ?? 0)];
  const data = Array.from({ length: Math.min(perPage, KEYS - after) }, (_, at) => ({
    id: KEYS - after - at,
    name: `key-${String(KEYS - 1 - after - at).padStart(3, '0')}`,
    fingerprint: 'SHA256:PGT0nJdkhXFoV8h8ZSoQhJN2y6lQfBdGd2p0cVt4Xyc',
    is_default: false,
    created_at: '2026-01-15T09:30:00Z',
  }));
  const next = after + data.length;
  await route.fulfill({ json: { data, pagination: { next_cursor: next < KEYS ? String(next) : null } } });
}

const EVENT = {
  id: 1842,
  type: 'vps.started',
  severity: 'Normal',
  reason: 'Started',
  message: 'The server was started.',
  resource_type: 'vps',
  resource_id: '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e',
  created_at: '2026-01-15T09:30:00Z',
};

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
