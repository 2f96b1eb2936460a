import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { request } from 'undici';
import { makeBucket } from '../object-storage.ts';
import { type Keys, outcomeOf, type StoreCustomers } from './object-store-customers.ts';

const MB = 1024 ** 2;
const PART = 8 * MB;
const LARGE = 100 * MB;
/** How many of the keys are written at a time. */
const WRITERS = 16;
const KEYS = 5000;
/** Names that are spelled in another way in an address, in XML or in a file. */
export const NAMES = [
  'with space',
  'plus+sign',
  'per%20cent',
  'ünïcode/你好 🚀',
  '<a>&"b\'c',
  'star*~(x)!',
  'deep/er/and/deeper',
];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The SDK for JavaScript with the settings that it has by default, with a key of the API. */
export function testSdk(customers: StoreCustomers): void {
  describe('with the SDK for JavaScript', { concurrency: 1 }, () => {
    let client: S3Client;
    let keys: Keys;
    let Bucket: string;
    before(async () => {
      const cors_configuration = {
        CORSRules: [{ AllowedOrigins: ['https://example.org'], AllowedMethods: ['GET'], MaxAgeSeconds: 60 }],
      };
      ({ minio_bucket_name: Bucket } = await makeBucket(customers.call, 'sdk', { cors_configuration }));
      keys = await customers.key({ scope: 'team' });
      client = customers.world.client(keys);
    });
    after(() => client?.destroy());

    const read = async (Key: string, changes: object = {}): Promise<Buffer> => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...changes }));
      return Buffer.from(await Body!.transformToByteArray());
    };

    it('gives back what it was given, whatever its name and size', async () => {
      for (const [index, Key] of NAMES.entries()) {
        const Body = randomBytes(index * 1000);
        const written = await client.send(
          new PutObjectCommand({ Bucket, Key, Body, Metadata: { index: String(index) } }),
        );
        assert.equal(written.ServerSideEncryption, 'AES256', Key);
        assert.ok(Body.equals(await read(Key)), Key);
        const { ContentLength, Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key }));
        assert.deepEqual([ContentLength, Metadata], [Body.length, { index: String(index) }], Key);
      }
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      assert.deepEqual(Contents.map(({ Key }) => Key).sort(), NAMES.toSorted());
      const Objects = NAMES.map((Key) => ({ Key }));
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      assert.equal((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
    });

    it('checks what arrives', async () => {
      const whole = randomBytes(300_000);
      // A stream ends with its checksum, because that is not known before.
      const Body = Readable.from([whole.subarray(0, 100_000), whole.subarray(100_000)]);
      const streamed = { Bucket, Key: 'streamed', Body, ContentLength: whole.length };
      await client.send(new PutObjectCommand(streamed));
      assert.ok(whole.equals(await read('streamed')));
      const wrong = { Bucket, Key: 'wrong', Body: 'x', ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' };
      assert.equal(await outcomeOf(client.send(new PutObjectCommand(wrong))), 'BadDigest');
      assert.equal(await outcomeOf(client.send(new HeadObjectCommand({ Bucket, Key: 'wrong' }))), 'NotFound');
    });

    it('reads ranges, and only what has changed', async () => {
      const Key = 'ranges';
      const Body = randomBytes(1000);
      const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key, Body }));
      for (const [Range, from, to] of [
        ['bytes=10-19', 10, 20],
        ['bytes=990-', 990, 1000],
        ['bytes=-5', 995, 1000],
        ['bytes=990-2000', 990, 1000],
      ] as const)
        assert.ok(Body.subarray(from, to).equals(await read(Key, { Range })), Range);
      assert.equal(await outcomeOf(read(Key, { Range: 'bytes=1000-' })), 'InvalidRange');
      assert.equal(await outcomeOf(read(Key, { IfNoneMatch: ETag })), '304');
      assert.equal(await outcomeOf(read(Key, { IfMatch: '"other"' })), 'PreconditionFailed');
    });

    it('resumes an upload of 100 MB that was interrupted', async () => {
      const Key = 'large';
      const whole = randomBytes(LARGE);
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const upload = async (from: S3Client, number: number, abortSignal?: AbortSignal) => {
        const Body = whole.subarray((number - 1) * PART, number * PART);
        const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: number, Body });
        await from.send(part, abortSignal ? { abortSignal } : {});
      };
      const numbers = Array.from({ length: Math.ceil(LARGE / PART) }, (_, index) => index + 1);
      for (const number of numbers.slice(0, 4)) await upload(client, number);
      const stop = new AbortController();
      const interrupted = upload(client, 5, stop.signal);
      setImmediate(() => stop.abort());
      await assert.rejects(interrupted, { name: 'AbortError' });

      const { store } = customers.world;
      const { teamId } = customers.team;
      assert.equal((await store.describeUploads({ teamId, name: Bucket }))?.count, 1);
      const parts = async () => {
        const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
        return Parts.map(({ ETag, PartNumber }) => ({ ETag, PartNumber }));
      };
      const there = (await parts()).map(({ PartNumber }) => PartNumber);
      assert.deepEqual(there.slice(0, 4), [1, 2, 3, 4]);
      for (const number of numbers.filter((one) => !there.includes(one))) await upload(client, number);
      const MultipartUpload = { Parts: await parts() };
      await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
      assert.equal(sha256(await read(Key)), sha256(whole));
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    });

    it('copies encrypted objects in parts, and has no keys of customers', async () => {
      const Key = 'copied';
      const Body = randomBytes(100_000);
      await client.send(new PutObjectCommand({ Bucket, Key: 'original', Body }));
      const CopySource = `${Bucket}/original`;
      const whole = new CopyObjectCommand({ Bucket, Key, CopySource });
      assert.equal(await outcomeOf(client.send(whole)), 'NotImplemented');
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const part = { Bucket, Key, UploadId, PartNumber: 1 };
      const { CopyPartResult } = await client.send(new UploadPartCopyCommand({ ...part, CopySource }));
      const MultipartUpload = { Parts: [{ ETag: CopyPartResult!.ETag, PartNumber: 1 }] };
      await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
      assert.ok(Body.equals(await read(Key)));
      const { ServerSideEncryption } = await client.send(new HeadObjectCommand({ Bucket, Key }));
      assert.equal(ServerSideEncryption, 'AES256');
    });

    it('says at once that there are no keys of a service, and changes nothing', async () => {
      const kms = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'mine' } as const;
      const Key = 'kms';
      const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'mine' } as const;
      const Rules = [{ ApplyServerSideEncryptionByDefault }];
      for (const asked of [
        () => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...kms })),
        () => client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...kms })),
        () => client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/original`, ...kms })),
        () =>
          client.send(
            new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }),
          ),
      ])
        await assert.rejects(asked(), { name: 'InvalidArgument', message: /no service for keys .* AES256/ });
      await client.send(new PutObjectCommand({ Bucket, Key, Body: 'as before' }));
      const { ServerSideEncryption } = await client.send(new HeadObjectCommand({ Bucket, Key }));
      assert.equal(ServerSideEncryption, 'AES256');
    });

    it('presigns reads and writes', async () => {
      const { dispatcher } = customers.world;
      const Key = 'signed + % ünïcode';
      const put = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key }));
      const written = await request(put, { method: 'PUT', body: 'by hand', dispatcher });
      assert.equal(written.statusCode, 200, await written.body.text());
      const get = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }));
      assert.equal(await (await request(get, { dispatcher })).body.text(), 'by hand');
    });

    it('answers browsers of the origins that may ask, and no others', async () => {
      const { dispatcher, store } = customers.world;
      const preflight = async (origin: string, method: string) => {
        const headers = { origin, 'access-control-request-method': method };
        const url = `${store.access.url}/${Bucket}/any`;
        const answer = await request(url, { method: 'OPTIONS', headers, dispatcher });
        await answer.body.dump();
        return [answer.statusCode, answer.headers['access-control-allow-origin']];
      };
      assert.deepEqual(await preflight('https://example.org', 'GET'), [200, 'https://example.org']);
      assert.deepEqual(await preflight('https://example.org', 'PUT'), [403, undefined]);
      assert.deepEqual(await preflight('https://example.com', 'GET'), [403, undefined]);
    });

    testVersions(customers, () => client);

    it('lists 5,000 keys page by page, and deletes them by the thousand', async () => {
      const { minio_bucket_name: Bucket } = await makeBucket(customers.call, 'many', {
        encryption_enabled: false,
      });
      const names = Array.from({ length: KEYS }, (_, index) => `many/${String(index).padStart(5, '0')}`);
      const left = names.values();
      const write = async () => {
        for (const Key of left) await customers.put(keys, `/${Bucket}/${Key}`, 'x');
      };
      await Promise.all(Array.from({ length: WRITERS }, write));
      const seen: string[] = [];
      const pages: number[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket,
            Prefix: 'many/',
            ...(ContinuationToken ? { ContinuationToken } : {}),
          }),
        );
        pages.push(page.KeyCount ?? 0);
        seen.push(...(page.Contents ?? []).map(({ Key }) => Key!));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken);
      assert.deepEqual([pages, seen], [[1000, 1000, 1000, 1000, 1000], names]);
      for (let from = 0; from < KEYS; from += 1000) {
        const Objects = names.slice(from, from + 1000).map((Key) => ({ Key }));
        const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
        assert.deepEqual(Errors, []);
      }
      const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'many/' }));
      assert.equal(KeyCount, 0);
    });
  });
}

function testVersions(customers: StoreCustomers, client: () => S3Client): void {
  it('keeps versions, and lets nobody delete those that are locked', async () => {
    const { minio_bucket_name: Bucket } = await makeBucket(customers.call, 'locked', {
      object_lock_enabled: true,
    });
    const Key = 'versions';
    const put = (Body: string) => client().send(new PutObjectCommand({ Bucket, Key, Body }));
    const [old] = [await put('old'), await put('new')];
    await client().send(new DeleteObjectCommand({ Bucket, Key }));
    assert.equal(await outcomeOf(client().send(new GetObjectCommand({ Bucket, Key }))), 'NoSuchKey');
    const { VersionId } = old;
    const { Body } = await client().send(new GetObjectCommand({ Bucket, Key, VersionId }));
    assert.equal(await Body!.transformToString(), 'old');
    const { Versions, DeleteMarkers } = await client().send(new ListObjectVersionsCommand({ Bucket }));
    assert.deepEqual([Versions?.length, DeleteMarkers?.length], [2, 1]);

    const RetainUntilDate = new Date(Date.now() + 3_600_000);
    const remove = async (
      Mode: 'GOVERNANCE' | 'COMPLIANCE',
      { VersionId }: { VersionId?: string | undefined },
    ) => {
      const version = { Bucket, Key, VersionId };
      const Retention = { Mode, RetainUntilDate };
      await client().send(new PutObjectRetentionCommand({ ...version, Retention }));
      const BypassGovernanceRetention = true;
      return [
        await outcomeOf(client().send(new DeleteObjectCommand(version))),
        await outcomeOf(client().send(new DeleteObjectCommand({ ...version, BypassGovernanceRetention }))),
      ];
    };
    // A team's key may end what governs, and nothing may end compliance.
    assert.deepEqual(await remove('GOVERNANCE', old), ['AccessDenied', 'ok']);
    assert.deepEqual(await remove('COMPLIANCE', await put('newest')), ['AccessDenied', 'AccessDenied']);
  });
}
