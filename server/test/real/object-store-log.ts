import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { RequestRecord } from '../../src/object-store/contract.ts';
import { bucketCollectors } from '../../src/resources/buckets/metrics/collector.ts';
import { type Call, clientOf } from '../client.ts';
import { startTestApp, type TestApp, waitFor } from '../harness.ts';
import { makeAccessKey, makeBucket } from '../object-storage.ts';
import type { StoreWorld } from './object-store.ts';

const STILL = ['buckets', 'access-keys', 'bucket-requests', 'bucket-sizes', 'bucket-health'];
/** Names that break out of a log where that is written or read carelessly. */
const HOSTILE = [
  '" , {"bucket":"other", \\',
  'new\nline\ttab',
  '}{"bucket":"',
  'ünï 你好 😀 %00 \\u0000',
  "'; drop --",
];
/** Requests before and after each disturbance. */
const ROUND = 60;

/** Tests that every request is counted once, whatever ends in between. */
export function testRequestLog(world: StoreWorld): void {
  describe('its log of requests', () => {
    let test: TestApp;
    let call: Call;
    let client: S3Client;
    let bucket: { id: string; minio_bucket_name: string };
    let keyId: string;
    before(async () => {
      test = await startTestApp({ objects: { ...world.store, close: async () => {} }, still: STILL });
      call = clientOf(test.app.url!, test.team.token);
      bucket = await makeBucket(call, 'logged', { encryption_enabled: false });
      const { key, credentials } = await makeAccessKey(call);
      keyId = key.id;
      client = world.client(credentials, { maxAttempts: 1 });
    });
    after(async () => {
      client?.destroy();
      await test?.close();
    });

    let position: string | null = null;
    const read: RequestRecord[] = [];
    /** Reads what is new, in small pages. */
    const readOn = async (): Promise<void> => {
      for (;;) {
        const page: Awaited<ReturnType<typeof world.store.readRequests>> = await world.store.readRequests(
          position,
          7,
        );
        assert.ok(page);
        position = page.position;
        read.push(...page.requests.filter((one) => one.bucket === bucket.minio_bucket_name));
        if (!page.isPartial) return;
      }
    };
    const asked: string[] = [];
    /** Asks for objects that are not there, and waits until the log has it. */
    const askAndFind = async (): Promise<void> => {
      const keys = Array.from({ length: ROUND }, (_, index) => `missing/${asked.length + index}`);
      const ask = (Key: string) =>
        waitFor(`an answer for ${Key}`, () =>
          client.send(new HeadObjectCommand({ Bucket: bucket.minio_bucket_name, Key })).catch(
            // Not where the gateway is just starting.
            ({ name }) => name === 'NotFound',
          ),
        );
      await Promise.all(keys.map(ask));
      asked.push(...keys);
      await waitFor('the log to have them', async () => {
        await readOn();
        const found = new Set(read.map(({ objectKey }) => objectKey));
        return asked.every((key) => found.has(key));
      });
    };

    it('has each request once, over the ends of its files and of the gateway', async () => {
      await readOn();
      await askAndFind();
      // Another file, as where the present one is long enough.
      assert.equal((await world.inside(['/usr/lib/danube/engine/requests', 'next'])).status, 0);
      assert.equal((await world.inside(['pkill', '-HUP', '-f', '^radosgw '])).status, 0);
      await askAndFind();
      await world.kill('radosgw');
      await askAndFind();
      await world.kill('/usr/bin/python3 /usr/lib/danube/engine/requests');
      await waitFor('the log to be read again', () =>
        readOn().then(
          () => true,
          () => false,
        ),
      );
      await askAndFind();
      const answered = read.filter(({ status }) => status === 404).map(({ objectKey }) => objectKey);
      assert.deepEqual(answered.toSorted(), asked.toSorted());
    });

    it('is shown by the API, with whatever objects are called', async () => {
      const Bucket = bucket.minio_bucket_name;
      for (const Key of HOSTILE) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
      const get = async (path: string) => (await call('GET', `/storage/buckets/${bucket.id}/${path}`)).body;
      const collect = async () => {
        for (const { run } of bucketCollectors(test.app.database, world.store)) await run();
      };
      const top = await waitFor('the requests to be collected', async () => {
        await collect();
        const { items } = await get('metrics/top-objects?dimension=requests');
        return items.length >= HOSTILE.length && items;
      });
      const names = top.map(({ object_key }: { object_key: string }) => object_key);
      for (const name of HOSTILE)
        assert.ok(names.includes(name), `${name} is not in ${JSON.stringify(names)}`);
      const metrics = await get('metrics');
      assert.equal(metrics.freshness, 'fresh', JSON.stringify(metrics));
      assert.ok(metrics.latency_24h_ms.p95 >= metrics.latency_24h_ms.p50, JSON.stringify(metrics));
      // Files that the test itself has read to their end are gone.
      assert.ok(metrics.requests_24h_by_method.HEAD >= ROUND, JSON.stringify(metrics));
      assert.ok(metrics.requests_24h_by_status['4xx'] >= ROUND, JSON.stringify(metrics));
      const key = (await call('GET', `/storage/access-keys/${keyId}`)).body.access_key;
      assert.ok(Date.parse(key.last_used_at) > Date.parse(key.created_at));
    });
  });
}
