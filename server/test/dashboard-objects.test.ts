import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { type Call, clientOf } from './client.ts';
import { type Console, openConsole, tabTo, watch, withoutBrowser } from './dashboard-browser.ts';
import { createTeam, joinTeam, openSession, type TestTeam } from './harness.ts';
import { makeBucket, uploadObject } from './object-storage.ts';

/** Names and contents that would take over the page if they were anything but text and bytes. */
const MARKUP = '<img src=x onerror="globalThis.taken=1">.html';
const SCRIPT = '<script>globalThis.taken=1;document.title="taken"</script>';

describe('files of a bucket in the dashboard', { skip: withoutBrowser }, () => {
  let console: Console;
  let team: TestTeam;
  let call: Call;
  let bucket = '';
  before(async () => {
    console = await openConsole();
    team = await createTeam(console.test.database);
    call = clientOf(console.test.app.url!, team.token);
    bucket = (await makeBucket(call, 'photos')).id;
  });
  after(() => console?.close());

  const upload = (key: string, body: string, media_type = 'text/plain') =>
    uploadObject({ url: console.test.app.url!, token: team.token }, bucket, { key, media_type }, body);
  const files = async (prefix = '') => {
    const query = prefix === '' ? '' : `?prefix=${encodeURIComponent(prefix)}`;
    const { body } = await call('GET', `/storage/buckets/${bucket}/objects${query}`);
    return (body.data as { key: string; size_bytes: number }[]).map(({ key, size_bytes }) => [
      key,
      size_bytes,
    ]);
  };
  const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });

  it('are uploaded, several at once and large ones in parts, and downloaded as they were', async () => {
    const { page, problems, context } = await console.open(team);
    await page.goto(`/object-storage/${bucket}/objects`);
    await page.getByText('No files here').waitFor();
    const large = Buffer.alloc(9 * 1024 ** 2, 'large ');
    await page.locator('input[type=file]').setInputFiles([
      { name: 'first.txt', mimeType: 'text/plain', buffer: Buffer.from('first') },
      { name: 'empty', mimeType: '', buffer: Buffer.alloc(0) },
      { name: 'large.bin', mimeType: 'application/x-thing', buffer: large },
    ]);
    for (const name of ['first.txt', 'empty', 'large.bin']) await row(page, name).waitFor();
    await page.getByRole('listitem').filter({ hasText: 'done' }).nth(2).waitFor();
    assert.deepEqual(await files(), [
      ['empty', 0],
      ['first.txt', 5],
      ['large.bin', large.length],
    ]);
    const started = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download first.txt' }).click();
    const download = await started;
    assert.equal(download.suggestedFilename(), 'first.txt');
    assert.equal(await readFile(await download.path(), 'utf8'), 'first');
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('can be put into folders, and deleted, with nothing but a keyboard', async () => {
    await upload('summer/beach.txt', 'sand');
    const { page, problems, context } = await console.open(team);
    await page.goto(`/object-storage/${bucket}/objects`);
    await tabTo(page, page.getByRole('button', { name: 'New folder' }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByLabel('Name of the folder'));
    await page.keyboard.type('winter');
    await page.keyboard.press('Enter');
    await row(page, 'winter').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await tabTo(page, page.getByRole('button', { name: 'summer/' }));
    await page.keyboard.press('Enter');
    await row(page, 'beach.txt').waitFor();
    assert.match(page.url(), /folder=summer/);
    await tabTo(page, page.getByRole('checkbox', { name: 'Select beach.txt' }));
    await page.keyboard.press('Space');
    await tabTo(page, page.getByRole('button', { name: /^Delete \(1 selected\)/ }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('dialog').getByRole('button', { name: 'Delete' }));
    await page.keyboard.press('Enter');
    await page.getByText('No files here').waitFor();
    assert.deepEqual(await files('summer/'), []);
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('never run as pages of the dashboard, whatever they are called and say they are', async () => {
    await upload(MARKUP, SCRIPT, 'text/html');
    await upload(
      `${MARKUP}/page.svg`,
      `<svg xmlns="http://www.w3.org/2000/svg">${SCRIPT}</svg>`,
      'image/svg+xml',
    );
    const { page, problems, context } = await console.open(team);
    await page.goto(`/object-storage/${bucket}/objects`);
    await row(page, 'onerror').first().waitFor();
    await page.goto(`/object-storage/${bucket}/objects?folder=${encodeURIComponent(`${MARKUP}/`)}`);
    await row(page, 'page.svg').waitFor();
    assert.equal(await page.evaluate('"taken" in globalThis'), false);
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    for (const key of [MARKUP, `${MARKUP}/page.svg`]) {
      const started = page.waitForEvent('download');
      // It becomes a download, so the page stays where it is.
      const address = `/api/v1/storage/buckets/${bucket}/objects/content?key=${encodeURIComponent(key)}`;
      await page.goto(address).catch(() => undefined);
      await (await started).delete();
      assert.match(page.url(), /\/object-storage\//);
      assert.notEqual(await page.title(), 'taken');
    }
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('are changed by nobody who may only look', async () => {
    await upload('seen', 'x');
    const viewer = await createTeam(console.test.database);
    await joinTeam(console.test.database, viewer.accountId, team.teamId, 'viewer');
    const context = await console.browser.newContext({ baseURL: console.test.app.url! });
    const [name, value] = (await openSession(console.test.database, viewer)).split('=') as [string, string];
    await context.addCookies([{ name, value, url: console.test.app.url! }]);
    await context.addInitScript(`localStorage.setItem('danube-team', '${team.teamId}')`);
    const page = await context.newPage();
    const problems = watch(page);
    await page.goto(`/object-storage/${bucket}/objects`);
    await row(page, 'seen').waitFor();
    for (const button of ['Upload files', 'New folder', 'Delete: seen']) {
      const blocked = page.getByRole('button', { name: button });
      await blocked.and(page.locator('[aria-disabled=true]')).waitFor();
      assert.match((await blocked.getAttribute('aria-description')) ?? '', /^Your role in this team/);
    }
    const started = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download seen' }).click();
    assert.equal(await readFile(await (await started).path(), 'utf8'), 'x');
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('come with ready code for programs', async () => {
    const { page, problems, context } = await console.open(team);
    await page.goto(`/object-storage/${bucket}/connect`);
    const { endpoint_url, minio_bucket_name } = (await call('GET', `/storage/buckets/${bucket}`)).body.bucket;
    const choice = page.getByRole('combobox', { name: 'Program' });
    for (const program of ['AWS CLI', 'rclone', 's3cmd', 'Node.js', 'Python', 'Go', 'Ruby', 'PHP']) {
      await choice.selectOption(program);
      const code = (await page.getByRole('region', { name: program }).textContent()) ?? '';
      assert.ok(code.includes(minio_bucket_name), program);
      assert.ok(code.includes(endpoint_url.replace('https://', '')), program);
    }
    assert.deepEqual(problems, []);
    await context.close();
  });
});
