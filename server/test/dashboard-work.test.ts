import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { clientOf, newDatabase, newVps } from './client.ts';
import { customerOf } from './customer.ts';
import { type Console, openConsole, withoutBrowser } from './dashboard-browser.ts';
import { createTeam, waitFor } from './harness.ts';
import { startSink } from './webhook-sink.ts';

describe('working in the dashboard', { skip: withoutBrowser }, () => {
  let console: Console;
  before(async () => {
    console = await openConsole({ settings: { DANUBE_WEBHOOK_TARGETS: 'any' } });
  });
  after(() => console?.close());

  /** A new team, with a client and a window. */
  async function begin() {
    const team = await createTeam(console.test.database);
    const call = clientOf(console.test.app.url!, team.token);
    return { team, call, ...(await console.open(team)) };
  }

  it('stops and deletes many at once, and leaves out what does not allow it', async () => {
    const { call, page, problems, context } = await begin();
    const { running, succeeds } = customerOf(call);
    const ids = await Promise.all(['one', 'two', 'three'].map((name) => running('vps', newVps({ name }))));
    await succeeds(call('POST', `/vps/${ids[0]}/stop`));
    await page.goto('/vps');
    await page.getByRole('row', { name: /three.*Running/ }).waitFor();
    await page.getByRole('checkbox', { name: 'Select all' }).check();
    await page.getByText('3 selected').waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('dialog').getByText('Stop 2?').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    for (const name of ['one', 'two', 'three'])
      await page.getByRole('row', { name: new RegExp(`${name}.*Stopped`) }).waitFor();
    await page.getByRole('checkbox', { name: 'Select two' }).check();
    await page.getByRole('checkbox', { name: 'Select three' }).check();
    // None of them runs.
    await page
      .getByRole('button', { name: 'Stop', exact: true })
      .and(page.locator('[aria-disabled]'))
      .waitFor();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const confirm = page.getByRole('dialog').getByRole('button', { name: 'Delete' });
    await confirm.and(page.locator('[aria-disabled]')).waitFor();
    await page.getByRole('dialog').getByRole('textbox').fill('delete 2');
    await confirm.click();
    await waitFor('two to be gone', async () => (await call('GET', '/vps')).body.data.length === 1);
    // Behind a dialog there is nothing for screen readers.
    await page.getByRole('row', { name: /one.*Stopped/ }).waitFor();
    for (const name of ['two', 'three'])
      await page.getByRole('row', { name: new RegExp(name) }).waitFor({ state: 'detached' });
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('zooms into a graph, whose time is in the address, with one cursor for all and the limits of alerts', async () => {
    const { call, page, problems, context } = await begin();
    const id = await customerOf(call).running('vps', newVps({ name: 'web-1' }));
    const alert = { resource_type: 'vps', resource_id: id, metric_type: 'cpu_usage', threshold_value: 80 };
    const condition = { comparison_operator: 'gt', duration_minutes: 5, name: 'Busy' };
    assert.equal((await call('POST', '/metric-alerts', { ...alert, ...condition })).status, 201);
    await page.route('**/metrics/history?*', answerHistory);
    await page.goto(`/vps/${id}/metrics?range=6h`);
    assert.equal(await page.getByLabel('Time').inputValue(), '6h');
    const [processor, memory] = ['Processor', 'Memory'].map((name) => page.getByRole('figure', { name }));
    await processor!.getByText(/Busy: above 80 %/).waitFor();
    const { x, y, width, height } = (await processor!.locator('svg').boundingBox())!;
    const at = (part: number) => page.mouse.move(x + width * part, y + height / 2, { steps: 4 });
    await at(0.5);
    // The time at the cursor, in both.
    const time = /\d{4}, \d+:\d\d/;
    await processor!.getByText(time).waitFor();
    await memory!.getByText(time).waitFor();
    await at(0.25);
    await page.mouse.down();
    await at(0.75);
    await page.mouse.up();
    await page.waitForURL(/range=\d{13}-\d{13}/);
    const [from, to] = new URL(page.url()).searchParams.get('range')!.split('-').map(Number);
    const hours = (to! - from!) / 3_600_000;
    assert.ok(hours > 2 && hours < 4, `${hours} of 6 hours`);
    await page.reload();
    await processor!.locator('svg').waitFor();
    assert.match(page.url(), new RegExp(`range=${from}-${to}`));
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('takes a snapshot, tries it, and returns to it, with all of it on one line of time', async () => {
    const { call, page, problems, context } = await begin();
    const id = await customerOf(call).running('database', newDatabase({ name: 'shop' }));
    await page.goto(`/databases/${id}/snapshots`);
    await page.getByRole('button', { name: 'Take a snapshot' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('before-the-sale');
    await page.getByRole('dialog').getByRole('button', { name: 'Take a snapshot' }).click();
    const entry = page.getByRole('listitem').filter({ hasText: 'before-the-sale' }).first();
    await entry.getByText('Ready').waitFor();
    const choose = async (action: string): Promise<void> => {
      await page.getByRole('button', { name: 'More actions: before-the-sale' }).click();
      await page.getByRole('menuitem', { name: action, exact: true }).click();
    };
    await choose('Restore drill');
    await entry.getByText(/^Restore drill passed/).waitFor();
    await choose('Restore');
    await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
    await page
      .getByRole('listitem')
      .getByText(/^Restored/)
      .waitFor();
    await page.getByText('before a restore').waitFor();
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('shows which rule decides about a packet', async () => {
    const { call, page, problems, context } = await begin();
    const id = await customerOf(call).running('vps', newVps({ name: 'web-1' }));
    const { public_ip } = (await call('GET', `/vps/${id}`)).body.instance;
    const { data } = (await call('GET', '/firewalls')).body;
    await page.goto(`/firewalls/${data[0].id}`);
    await page.getByLabel('From').fill('203.0.113.5');
    await page.getByLabel('To', { exact: true }).fill(public_ip);
    const tester = page.locator('section').filter({ hasText: 'Test a packet' });
    await tester.getByRole('button', { name: 'Test', exact: true }).click();
    await tester.getByText('Let through').waitFor();
    await tester.getByText(/“ssh”/).waitFor();
    await tester.getByLabel('Port').fill('23');
    await tester.getByRole('button', { name: 'Test', exact: true }).click();
    await tester.getByText('Dropped', { exact: true }).waitFor();
    await tester.getByLabel('Port').fill('many');
    await tester.getByRole('button', { name: 'Test', exact: true }).click();
    await tester.locator('input[aria-invalid="true"]').waitFor();
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('shows what a webhook was sent and what it answered, and sends it again', async () => {
    const sink = await startSink();
    sink.answer = (_message, response) => response.writeHead(200).end('Taken with thanks.');
    const { page, problems, context } = await begin();
    try {
      await page.goto('/webhooks');
      await page.getByRole('button', { name: 'Add an endpoint' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('the shop');
      await dialog.getByLabel('URL').fill(sink.url);
      await dialog.getByLabel(/^Events/).fill('vps.*');
      await dialog.getByRole('button', { name: 'Add an endpoint' }).click();
      await page
        .getByRole('region', { name: 'The signing secret' })
        .getByText(/^whsec_/)
        .waitFor();
      await dialog.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('button', { name: 'More actions: the shop' }).click();
      await page.getByRole('menuitem', { name: 'Send a test' }).click();
      const row = page.getByRole('row', { name: /Delivered 200/ });
      await row.getByRole('button').click();
      await dialog
        .getByRole('region', { name: 'Payload' })
        .getByText(/"type"/)
        .waitFor();
      await dialog.getByRole('region', { name: 'Signature' }).getByText(/v1,/).waitFor();
      await dialog.getByRole('region', { name: 'Answer' }).getByText('Taken with thanks.').waitFor();
      await dialog.getByRole('button', { name: 'Send again' }).click();
      await waitFor('the second message', async () => sink.received.length === 2);
      const [first, second] = sink.received.map(({ headers }) => headers['webhook-id']);
      assert.equal(first, second);
      assert.deepEqual(problems, []);
    } finally {
      await context.close();
      await sink.close();
    }
  });

  it('renames a firewall, and saves the costs of a month as a table', async () => {
    const { call, page, problems, context } = await begin();
    await customerOf(call).running('vps', newVps({ name: 'web-1' }));
    const { data } = (await call('GET', '/firewalls')).body;
    await page.goto(`/firewalls/${data[0].id}`);
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Web of the shop');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Web of the shop', level: 1 }).waitFor();
    await page.goto('/costs');
    await page.getByRole('row', { name: /web-1/ }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as CSV' }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^costs-20\d\d-\d\d\.csv$/);
    assert.match(await readFile(await download.path(), 'utf8'), /web-1/);
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('makes a bucket whose files are locked, and says for how long', async () => {
    const { call, page, problems, context } = await begin();
    await page.goto('/object-storage');
    await page.getByRole('button', { name: 'Create bucket' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('receipts');
    await dialog.getByRole('switch', { name: 'Object lock' }).check();
    await dialog.getByRole('button', { name: 'Create bucket' }).click();
    await page.getByRole('link', { name: 'receipts' }).click();
    const settings = page.getByRole('navigation', { name: 'Sections of the bucket' });
    await settings.getByRole('link', { name: 'Settings' }).click();
    const read = async () => (await call('GET', '/storage/buckets')).body.data[0];
    await waitFor('the bucket', async () => (await read()).can_be_modified);
    await page.getByLabel('Lock new files by default').selectOption('GOVERNANCE');
    await page.getByLabel('For how many days').fill('7');
    await page.getByRole('button', { name: 'Save' }).and(page.locator(':not([aria-disabled])')).click();
    await waitFor('the lock', async () => (await read()).object_lock_default_retention_days === 7);
    const bucket = await read();
    assert.deepEqual(
      [bucket.object_lock_enabled, bucket.versioning_enabled, bucket.object_lock_default_retention_mode],
      [true, true, 'GOVERNANCE'],
    );
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('makes a group of parameters, changes, copies and deletes it', async () => {
    const { call, page, problems, context } = await begin();
    await page.goto('/parameter-groups');
    await page.getByRole('button', { name: 'Create group' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('reports');
    await setParameter(page, 'work_mem', '8MB');
    await dialog.getByRole('button', { name: 'Create group' }).click();
    const row = page.getByRole('row', { name: /^reports .*1 parameter/ });
    await row.getByRole('button', { name: 'Change: reports' }).click();
    await setParameter(page, 'random_page_cost', '1.1');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /^reports .*2 parameters/ }).waitFor();
    await page.getByRole('button', { name: 'Copy: reports', exact: true }).click();
    await dialog.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('row', { name: /^reports-copy/ }).waitFor();
    await page.getByRole('button', { name: 'Delete: reports', exact: true }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    const own = await waitFor('the deletion', async () => {
      const { data } = (await call('GET', '/parameter-groups?per_page=100')).body;
      const left = data.filter(({ is_system }: { is_system: boolean }) => !is_system);
      return left.length === 1 && left;
    });
    assert.deepEqual(
      own.map(({ name, parameters }: { name: string; parameters: object }) => [name, parameters]),
      [['reports-copy', { work_mem: '8MB', random_page_cost: '1.1' }]],
    );
    assert.deepEqual(problems, []);
    await context.close();
  });
});

async function setParameter(page: Page, name: string, value: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Add a parameter').fill(name);
  await dialog.getByRole('button', { name: `Add ${name}`, exact: true }).click();
  await dialog.getByLabel(`Value of ${name}`).fill(value);
}

/** Answers as if there were a measurement at every step. */
async function answerHistory(route: Route): Promise<void> {
  const query = new URL(route.request().url()).searchParams;
  const [from, to] = [Date.parse(query.get('from')!), Date.parse(query.get('to')!)];
  const step = Number(query.get('step')) * 1000;
  const points = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, at) => ({
    time: new Date(from + at * step).toISOString(),
    value: 20 + (at % 10),
  }));
  await route.fulfill({
    json: {
      metric: query.get('metric'),
      unit: 'percent',
      from: query.get('from'),
      to: query.get('to'),
      points,
    },
  });
}
