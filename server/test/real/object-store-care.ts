import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { randomText } from '../../src/lib/crypto.ts';
import { waitFor } from '../harness.ts';
import { slice } from '../slice.ts';
import type { StoreWorld } from './object-store.ts';

const TEAM = slice.firstTeam + 720;
/** Objects of that size have no part that Ceph collects later. */
const PIECE = randomBytes(4 * 1024 ** 2);

/** A bucket of a team of its own, and a client of it. */
async function bucketOf(world: StoreWorld, teamId: number, publicRead = false) {
  const Bucket = `t${teamId}-care`;
  const credentials = { accessKeyId: randomText(20), secretAccessKey: randomText(40) };
  await world.store.ensureTeam({ teamId, bucketPrefix: `t${teamId}-`, maxBuckets: 5, maxBytes: null });
  await world.store.ensureBucket({ teamId, name: Bucket }, false, { publicRead });
  const ref = { teamId, accessKeyId: credentials.accessKeyId };
  await world.store.ensureKey({ ref, scope: 'team', expiresAt: null }, credentials.secretAccessKey);
  return { Bucket, credentials, client: world.client(credentials, { maxAttempts: 1 }) };
}

async function read(client: S3Client, Bucket: string, Key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from(await Body!.transformToByteArray());
}

/** Fills the store for real. It must be a small one. */
export function testFullStore(world: StoreWorld): void {
  describe('when its disk is full', () => {
    let one: Awaited<ReturnType<typeof bucketOf>>;
    before(async () => {
      one = await bucketOf(world, TEAM);
    });
    after(() => one?.client.destroy());

    it('refuses writes with an error of S3, lets objects be read and deleted, and takes writes again', async () => {
      const { client, Bucket } = one;
      const written: string[] = [];
      const put = async (): Promise<string | null> => {
        const Key = `full/${written.length}`;
        try {
          await client.send(new PutObjectCommand({ Bucket, Key, Body: PIECE }));
          written.push(Key);
          return null;
        } catch (error) {
          // The connection ends where the body is not wanted, which the SDK may notice first.
          return error instanceof S3ServiceException ? error.name : 'ended';
        }
      };
      let refusal: string | null = null;
      while (refusal === null || refusal === 'ended') refusal = await put();
      assert.equal(refusal, 'InsufficientStorage');
      assert.ok(written.length > 100, `refused after ${written.length} objects of 4 MiB`);
      assert.ok(PIECE.equals(await read(client, Bucket, written[0]!)));
      for (const Key of written.splice(1)) await client.send(new DeleteObjectCommand({ Bucket, Key }));
      await waitFor('writes to be taken again', async () => (await put()) === null);
      assert.ok(PIECE.equals(await read(client, Bucket, 'full/1')));
    });
  });
}

/** Replaces the instance by one of another size and domain. Afterwards the store has 10 GiB and no domain. */
export function testReplacement(world: StoreWorld): void {
  describe('with other settings', () => {
    const domain = 's3.danube.test';
    const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    let one: Awaited<ReturnType<typeof bucketOf>>;
    before(async () => {
      one = await bucketOf(world, TEAM + 1, true);
      const kept = new PutObjectCommand({ Bucket: one.Bucket, Key: 'kept', Body: PIECE });
      await one.client.send(kept);
      await world.restart({ sizeGb: 10, domain });
    });
    after(() => one?.client.destroy());

    it('is larger, and has all that it had', async () => {
      const total = await waitFor('the disk to be measured', async () => {
        const { rows } = await world.database.pool.query(
          'select total_bytes::float as bytes from object_store',
        );
        return rows[0].bytes > 9 * 1024 ** 3 && rows[0].bytes;
      });
      assert.ok(total <= 10 * 1024 ** 3);
      const client = world.client(one.credentials);
      assert.equal(hash(await read(client, one.Bucket, 'kept')), hash(PIECE));
      client.destroy();
    });

    it('takes addresses that begin with the bucket, and serves its website', async () => {
      const { Bucket, credentials } = one;
      const client = world.client(credentials, { forcePathStyle: false });
      for (const Key of ['index.html', 'a folder/ünï + % .txt', `${Bucket}/x`]) {
        await client.send(new PutObjectCommand({ Bucket, Key, Body: `<p>${Key}`, ContentType: 'text/html' }));
        assert.equal(String(await read(client, Bucket, Key)), `<p>${Key}`);
      }
      const WebsiteConfiguration = {
        IndexDocument: { Suffix: 'index.html' },
        ErrorDocument: { Key: 'index.html' },
      };
      await client.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }));
      client.destroy();
      for (const path of ['/', '/index.html', '/nothing/here']) {
        const host = `${Bucket}.website.${domain}`;
        const answer = await world.get(host, path);
        assert.deepEqual(
          [answer.status, answer.body],
          // Nobody who may not list a bucket is told that an object is not there.
          [path === '/nothing/here' ? 403 : 200, '<p>index.html'],
          path,
        );
      }
      await world.restart({ sizeGb: 10 });
      const again = world.client(credentials);
      assert.equal(String(await read(again, Bucket, 'index.html')), '<p>index.html');
      again.destroy();
    });
  });
}
