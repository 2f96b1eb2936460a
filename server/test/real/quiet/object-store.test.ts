import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { request } from 'undici';
import { randomText } from '../../../src/lib/crypto.ts';
import { objectStoreContract } from '../../contract/object-store.ts';
import { waitFor } from '../../harness.ts';
import { slice } from '../../slice.ts';
import { StoreWorld } from '../object-store.ts';
import { testStorageApi } from '../object-store-api.ts';
import { realStoreSubject } from '../object-store-subject.ts';

const TEAM = slice.firstTeam + 710;
/** What is written while daemons die, and how many at a time. */
const OBJECTS = 500;
const WRITERS = 8;

describe('the object store of the install', { timeout: 900_000 }, () => {
  const world = new StoreWorld();
  before(() => world.open());
  after(() => world.close());

  objectStoreContract('Ceph', async () => realStoreSubject(world));
  testStorageApi(world);

  describe('with the SDK for JavaScript', () => {
    const Bucket = `t${TEAM}-sdk`;
    const credentials = { accessKeyId: randomText(20), secretAccessKey: randomText(40) };
    let client: S3Client;
    before(async () => {
      const limits = { maxBuckets: 5, maxBytes: null };
      const cors = [
        { AllowedOrigins: ['https://example.org'], AllowedMethods: ['PUT'], AllowedHeaders: ['*'] },
      ];
      await world.store.ensureTeam({ teamId: TEAM, bucketPrefix: `t${TEAM}-`, ...limits });
      const settings = { encryption: { type: 'sse-s3' }, versioning: 'enabled', cors } as const;
      await world.store.ensureBucket({ teamId: TEAM, name: Bucket }, false, settings);
      const ref = { teamId: TEAM, accessKeyId: credentials.accessKeyId };
      await world.store.ensureKey({ ref, scope: 'team', expiresAt: null }, credentials.secretAccessKey);
      client = world.client(credentials);
    });
    after(() => client?.destroy());

    const read = async (Key: string, options = {}): Promise<Buffer> => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...options }));
      return Buffer.from(await Body!.transformToByteArray());
    };

    it('gives back byte for byte what it was given, encrypted at rest', async () => {
      const names = ['small', 'empty', 'a folder/and + % ünïcode 你好?&=.txt', 'large'];
      for (const [index, size] of [1, 0, 5000, 9_000_001].entries()) {
        const Key = names[index]!;
        const Body = randomBytes(size);
        const { ServerSideEncryption } = await client.send(new PutObjectCommand({ Bucket, Key, Body }));
        assert.ok(Body.equals(await read(Key)), Key);
        assert.equal(ServerSideEncryption, 'AES256', Key);
        if (size > 3) assert.deepEqual(await read(Key, { Range: 'bytes=1-2' }), Body.subarray(1, 3));
      }
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      assert.deepEqual(Contents.map(({ Key }) => Key).sort(), names.sort());
    });

    it('completes an upload in parts that was interrupted', async () => {
      const Key = 'in parts';
      const parts = [randomBytes(5 * 1024 ** 2), randomBytes(5 * 1024 ** 2), randomBytes(7)];
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const upload = (index: number) =>
        client.send(
          new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: index + 1, Body: parts[index]! }),
        );
      await upload(0);
      client.destroy();
      client = world.client(credentials);
      const listed = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
      assert.deepEqual(
        listed.Parts?.map(({ PartNumber }) => PartNumber),
        [1],
      );
      assert.equal((await world.store.describeUploads({ teamId: TEAM, name: Bucket }))?.count, 1);
      await upload(1);
      await upload(2);
      const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
      const MultipartUpload = { Parts: Parts.map(({ ETag, PartNumber }) => ({ ETag, PartNumber })) };
      await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
      assert.ok(Buffer.concat(parts).equals(await read(Key)));
    });

    it('takes presigned requests, and answers browsers of the origins that may ask', async () => {
      const Key = 'presigned';
      const put = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key }));
      const { dispatcher } = world;
      const written = await request(put, { method: 'PUT', body: 'by hand', dispatcher });
      assert.equal(written.statusCode, 200, await written.body.text());
      const get = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }));
      const answer = await request(get, { dispatcher });
      assert.equal(await answer.body.text(), 'by hand');
      const headers = { origin: 'https://example.org', 'access-control-request-method': 'PUT' };
      const preflight = await request(put.split('?')[0]!, { method: 'OPTIONS', headers, dispatcher });
      assert.equal(preflight.statusCode, 200, await preflight.body.text());
      assert.equal(preflight.headers['access-control-allow-origin'], 'https://example.org');
    });

    it('keeps versions', async () => {
      const Key = 'versions';
      const put = (Body: string) => client.send(new PutObjectCommand({ Bucket, Key, Body }));
      const [{ VersionId }] = [await put('old'), await put('new')];
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
      await assert.rejects(client.send(new HeadObjectCommand({ Bucket, Key })), { name: 'NotFound' });
      assert.equal(String(await read(Key, { VersionId })), 'old');
    });

    it('has everything that it has acknowledged, whatever is killed meanwhile', async () => {
      const written = new Map<string, string>();
      const kills = ['ceph-osd', 'radosgw', 'ceph-mon', 'instance'].map((what, index) => ({
        what,
        at: Math.floor(((index + 0.5) * OBJECTS) / 4),
      }));
      let next = 0;
      const write = async (): Promise<void> => {
        for (let index = next++; index < OBJECTS; index = next++) {
          const Key = `kill/${index}`;
          const Body = randomBytes(2000 + index);
          await waitFor(`${Key} to be acknowledged`, () =>
            client.send(new PutObjectCommand({ Bucket, Key, Body })).catch(() => null),
          );
          written.set(Key, createHash('sha256').update(Body).digest('hex'));
          for (const { what } of kills.filter(({ at }) => at === index)) await world.kill(what);
        }
      };
      await Promise.all(Array.from({ length: WRITERS }, write));
      assert.equal(written.size, OBJECTS);
      for (const [Key, hash] of written) {
        const bytes = await waitFor(`${Key} to be read`, () => read(Key).catch(() => null));
        assert.equal(createHash('sha256').update(bytes).digest('hex'), hash, Key);
      }
    });

    it('lets nobody reach the gateway but the host', async () => {
      // The daemons listen on the loopback interface of the instance.
      const { stdout } = await world.inside(['ss', '-Hltn']);
      const others = stdout
        .split('\n')
        .map((line) => line.trim().split(/\s+/)[3] ?? '')
        .filter((address) => address !== '' && !address.startsWith('127.0.0.1:'));
      assert.deepEqual(
        others.map((address) => address.split(':').at(-1)).sort(),
        ['7480', '7481'],
      );
      const { status } = await world.inside(['timeout', '3', 'bash', '-c', ': </dev/tcp/1.1.1.1/80']);
      assert.notEqual(status, 0);
      const admin = await request(`${world.store.access.url}/admin/user`, { dispatcher: world.dispatcher });
      assert.equal(admin.statusCode, 403);
      await admin.body.dump();
    });
  });
});
