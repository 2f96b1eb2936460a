import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Page } from 'playwright-core';
import { type Console, openConsole, withoutBrowser } from '../dashboard-browser.ts';
import { createTeam, waitFor } from '../harness.ts';
import { slice } from '../slice.ts';
import type { StoreWorld } from './object-store.ts';

const FIRST_TEAM = slice.firstTeam + 760;
/** More than goes in one request, so that it is sent in parts. */
const LARGE = Buffer.alloc(17 * 1024 ** 2, 'large ');

/** Somebody makes a bucket and a key in the browser, and a program with that key finds what was uploaded there. */
export function testInBrowser(world: StoreWorld): void {
  describe('in a browser', { skip: withoutBrowser }, () => {
    let console: Console;
    let page: Page;
    let problems: string[];
    before(async () => {
      console = await openConsole({
        // The test file closes the store.
        objects: { ...world.store, close: async () => {} },
        // Other servers of this file have keys and buckets that this one does not know.
        still: ['buckets', 'access-keys'],
        firstTeam: FIRST_TEAM,
      });
      ({ page, problems } = await console.open(await createTeam(console.test.database)));
    });
    after(() => console?.close());

    const row = (name: string) => page.getByRole('row').filter({ hasText: name });

    it('takes uploads, which a program with a key from there reads, and the other way round', async () => {
      await page.goto('/object-storage');
      await page.getByRole('button', { name: 'Create bucket' }).first().click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('photos');
      await dialog.getByRole('button', { name: 'Create bucket' }).click();
      await page.getByRole('row', { name: /photos.*Active/ }).waitFor();
      await page.getByRole('link', { name: 'photos' }).click();
      await page.getByRole('link', { name: 'Files', exact: true }).click();
      await page.getByText('No files here').waitFor();
      await page.locator('input[type=file]').setInputFiles([
        { name: 'first.txt', mimeType: 'text/plain', buffer: Buffer.from('first') },
        { name: 'large.bin', mimeType: 'application/x-thing', buffer: LARGE },
      ]);
      for (const name of ['first.txt', 'large.bin']) await row(name).waitFor();
      const started = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Download large.bin' }).click();
      assert.ok((await readFile(await (await started).path())).equals(LARGE));

      const client = world.client(await makeKey());
      const { s3_name: Bucket } = await console.test.database.db
        .selectFrom('buckets')
        .select('s3_name')
        .executeTakeFirstOrThrow();
      // It is shown before the store knows it.
      const { Contents = [] } = await waitFor('the key to work', () =>
        client.send(new ListObjectsV2Command({ Bucket })).catch((error: Error) => {
          if (error.name !== 'InvalidAccessKeyId') throw error;
          return null;
        }),
      );
      assert.deepEqual(
        Contents.map(({ Key, Size }) => [Key, Size]),
        [
          ['first.txt', 5],
          ['large.bin', LARGE.length],
        ],
      );
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'first.txt' }));
      assert.equal(await Body!.transformToString(), 'first');
      client.destroy();
      assert.deepEqual(problems, []);
    });

    /** Makes a key of the team, and reads it from the page. */
    async function makeKey(): Promise<{ accessKeyId: string; secretAccessKey: string }> {
      await page.goto('/object-storage');
      await page.getByRole('button', { name: 'Create access key' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('of a program');
      await dialog.getByRole('button', { name: 'Create access key' }).click();
      const shown = await page.getByRole('region', { name: 'Your access key' }).textContent();
      const of = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(shown!)![1]!;
      return { accessKeyId: of('AWS_ACCESS_KEY_ID'), secretAccessKey: of('AWS_SECRET_ACCESS_KEY') };
    }
  });
}
