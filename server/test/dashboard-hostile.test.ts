import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { clientOf } from './client.ts';
import { type Console, openConsole, withoutBrowser } from './dashboard-browser.ts';
import { type Filled, fillTeam, PAGES } from './dashboard-pages.ts';

const MARKUP = `<img src=x onerror="globalThis.taken=1"><script>globalThis.taken=1</script>`;
const LINK = 'javascript:globalThis.taken=1';

/** Members whose text comes from customers, their programs, or servers that they name. */
const FREE =
  /^(name|display_name|resource_name|title|description|message|summary|remediation|reason|step|text|note|comment|tags|object_key|response_body|error_message|payload|actor_name|user_agent|documentation|what|detail|event|signature)$/;

describe('markup that others have stored', { skip: withoutBrowser }, () => {
  let console: Console;
  let filled: Filled;
  before(async () => {
    console = await openConsole();
    filled = await fillTeam(console.test);
  });
  after(() => console?.close());

  it('is text in names that the API takes', async () => {
    const { test, open } = console;
    const call = clientOf(test.app.url!, test.team.token);
    const name = `web <b>1</b>${MARKUP}`.slice(0, 100);
    const stored = await Promise.all([
      call('PUT', `/firewalls/${filled.firewall}`, { name, description: MARKUP }),
      call('PUT', `/metric-alerts/${filled.alert}`, { name, description: MARKUP }),
      call('PUT', `/storage/buckets/${filled.bucket}`, { display_name: name }),
      call('POST', '/storage/access-keys', { name, scope: 'team' }),
    ]);
    for (const { status, body } of stored) assert.ok(status < 300, JSON.stringify(body));
    const { page, problems, context } = await open(test.team);
    for (const url of [
      `/firewalls/${filled.firewall}`,
      `/alerts/${filled.alert}`,
      `/object-storage/${filled.bucket}`,
      '/object-storage',
    ]) {
      await page.goto(url);
      await page.getByText('web <b>1</b>').first().waitFor();
      await assertHarmless(page, url);
    }
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('is text in log lines of a server, and in what cloud-init printed', async () => {
    const { test, open } = console;
    const readGuestLog = test.plane.readGuestLog;
    test.plane.readGuestLog = async (_ref, log) => `${log} ${MARKUP}`;
    const { page, problems, context } = await open(test.team);
    try {
      await page.goto(`/vps/${filled.vps}/logs`);
      for (const log of ['console', 'cloud-init', 'cloud-init-output']) {
        await page.getByRole('combobox', { name: 'Logs' }).selectOption(log);
        await page.getByRole('region', { name: log }).getByText(`${log} ${MARKUP}`).waitFor();
        await assertHarmless(page, log);
      }
      assert.deepEqual(problems, []);
    } finally {
      test.plane.readGuestLog = readGuestLog;
      await context.close();
    }
  });

  it('is text in log lines of an engine', async () => {
    const { test, open } = console;
    const answerPlainly = test.plane.answerControl('logs', `2026-01-15_09:30:00.12345 ${MARKUP}\n`);
    const { page, problems, context } = await open(test.team);
    await page.goto(`/databases/${filled.database}/logs`);
    await page.getByRole('region', { name: 'Logs' }).getByText(MARKUP).waitFor();
    await assertHarmless(page, 'the log');
    assert.deepEqual(problems, []);
    answerPlainly();
    await context.close();
  });

  it('is text in what the receiver of a webhook answers', async () => {
    const { page, problems, context } = await console.open(console.test.team);
    await page.route('**/api/v1/**', poison);
    await page.goto('/webhooks');
    await page
      .getByRole('button', { name: /vps\.created/ })
      .first()
      .click();
    await page.getByRole('dialog').getByText('onerror').first().waitFor();
    await assertHarmless(page, 'a delivery');
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('is text on every page, wherever it is in an answer', async () => {
    const { page, problems, context } = await console.open(console.test.team);
    await page.route('**/api/v1/**', poison);
    for (const { name, url, prepare } of PAGES) {
      await page.goto(url(filled));
      await page.locator('h1').first().waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      await prepare?.(page);
      await assertHarmless(page, name);
    }
    assert.deepEqual(problems, []);
    await context.close();
  });
});

/** No element of the markup is there, nothing of it has run, and no link runs anything. */
async function assertHarmless(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(`({
    taken: 'taken' in globalThis,
    images: document.querySelectorAll('img[src="x"]').length,
    scripts: [...document.scripts].filter(({ src }) => src === '').length,
    links: document.querySelectorAll('[href^="javascript:" i]').length,
  })`);
  assert.deepEqual(found, { taken: false, images: 0, scripts: 0, links: 0 }, where);
}

/** Answers as the server does, with markup in every free text; with deliveries and a log that simulations do not have. */
async function poison(route: Route): Promise<void> {
  const { pathname } = new URL(route.request().url());
  if (pathname.endsWith('/events/stream')) return route.continue();
  const response = await route.fetch();
  if (!/json/.test(response.headers()['content-type'] ?? '') || !response.ok()) {
    return route.fulfill({ response });
  }
  const json = poisoned(await response.json(), '');
  if (pathname.endsWith('/webhooks/endpoints')) Object.assign(json as object, { data: [ENDPOINT] });
  if (pathname.endsWith('/webhooks/deliveries')) Object.assign(json as object, { data: [DELIVERY] });
  if (pathname.endsWith('/logs')) (json as { data: { text: string } }).data.text = MARKUP;
  return route.fulfill({ response, json });
}

function poisoned(value: unknown, name: string): unknown {
  if (typeof value === 'string') return FREE.test(name) ? `${value}${MARKUP}` : value;
  if (Array.isArray(value)) return value.map((one) => poisoned(one, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, poisoned(member, key)]));
}

const ENDPOINT = {
  id: '1',
  name: MARKUP,
  url: LINK,
  event_types: [MARKUP],
  enabled: true,
  failing_since: null,
};

const DELIVERY = {
  id: 1,
  event: `vps.created${MARKUP}`,
  url: LINK,
  state: 'failed',
  attempts: 1,
  response_status: 500,
  response_body: MARKUP,
  error_message: MARKUP,
  payload: { [MARKUP]: MARKUP },
  signature: MARKUP,
  created_at: '2026-01-15T09:30:00Z',
};
