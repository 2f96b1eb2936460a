import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketTaggingCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { createLog } from '../../src/lib/log.ts';
import { bucketCollectors } from '../../src/resources/buckets/metrics/collector.ts';
import { bucketReconciler } from '../../src/resources/buckets/reconciler.ts';
import { type Call, clientOf } from '../client.ts';
import { findInconsistencies } from '../faults.ts';
import { startTestApp, type TestApp, waitFor } from '../harness.ts';
import { makeAccessKey, makeBucket, succeeded } from '../object-storage.ts';
import type { StoreWorld } from './object-store.ts';

const STILL = ['buckets', 'access-keys', 'bucket-requests', 'bucket-sizes', 'bucket-health'];

/** Everything that a bucket can have, besides object lock. */
const SETTINGS = {
  versioning_enabled: true,
  public_access: true,
  size_limit_bytes: 50_000_000,
  cors_configuration: { CORSRules: [{ AllowedOrigins: ['https://example.org'], AllowedMethods: ['GET'] }] },
  lifecycle_rules: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 3 } }],
  tags: ['project=web', 'urgent'],
};

/** Tests the API's buckets and keys with the SDK, on the object store of the test file. */
export function testStorageApi(world: StoreWorld): void {
  describe('through the API', () => {
    let test: TestApp;
    let call: Call;
    before(async () => {
      // The test file closes the store.
      test = await startTestApp({ objects: { ...world.store, close: async () => {} }, still: STILL });
      call = clientOf(test.app.url!, test.team.token);
    });
    after(() => test?.close());

    /** A pass of each reconciler and collector, without those of the server. */
    const compare = async () => {
      await bucketReconciler(test.app.database, world.store, createLog('silent')).run();
      for (const { run } of bucketCollectors(test.app.database, world.store)) await run();
    };
    const typesOf = async (id: string): Promise<string[]> =>
      (await call('GET', `/events?resource_id=${id}`)).body.data.map(({ type }: { type: string }) => type);

    it('makes buckets as they were asked for, and finds nothing to mend', async () => {
      const bucket = await makeBucket(call, 'settings', SETTINGS);
      await compare();
      assert.deepEqual(await typesOf(bucket.id), ['bucket.requested', 'bucket.created']);
      assert.equal(
        (await call('GET', `/storage/buckets/${bucket.id}/diagnose`)).body.data.verdict,
        'healthy',
      );
      const { database, plane } = test;
      assert.deepEqual(await findInconsistencies(database, plane, { objects: world.store }), []);
    });

    it('makes keys that the SDK works with at once, and that nothing works with once they are revoked', async () => {
      const { id, minio_bucket_name: Bucket } = await makeBucket(call, 'used');
      const bucket_permissions = [{ bucket_id: id, level: 'full' }];
      const { key, credentials } = await makeAccessKey(call, { scope: 'buckets', bucket_permissions });
      const client = world.client(credentials);
      const Key = 'hello.txt';
      await client.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }));
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      assert.equal(await Body?.transformToString(), 'hello');
      const TagSet = [{ Key: 'set', Value: 'by-s3' }];
      await client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));

      const shown = await waitFor('the bucket to be measured', async () => {
        await compare();
        const { bucket } = (await call('GET', `/storage/buckets/${id}`)).body;
        return bucket.object_count === 1 && bucket.requests_24h_total > 0 && bucket;
      });
      assert.deepEqual([shown.size_bytes, shown.tags], [5, ['set=by-s3']]);
      const refusal = await call('DELETE', `/storage/buckets/${id}`);
      assert.deepEqual([refusal.status, refusal.body.object_count], [422, 1]);

      await succeeded(call, await call('DELETE', `/storage/access-keys/${key.id}`));
      await assert.rejects(client.send(new ListObjectsV2Command({ Bucket })), { name: 'InvalidAccessKeyId' });
      client.destroy();
      await succeeded(call, await call('DELETE', `/storage/buckets/${id}?force=true`));
      assert.equal((await call('GET', `/storage/buckets/${id}`)).status, 404);
    });

    it('makes keys of the team that list its buckets', async () => {
      const { id, minio_bucket_name } = await makeBucket(call, 'listed');
      const { key, credentials } = await makeAccessKey(call, { scope: 'team' });
      const client = world.client(credentials);
      const { Buckets = [] } = await client.send(new ListBucketsCommand());
      // Those of the tests before are there as well.
      assert.ok(
        Buckets.some(({ Name }) => Name === minio_bucket_name),
        JSON.stringify(Buckets),
      );
      const hello = { Bucket: minio_bucket_name, Key: 'hello' };
      const { ServerSideEncryption } = await client.send(new PutObjectCommand({ ...hello, Body: 'world' }));
      assert.equal(ServerSideEncryption, 'AES256');
      // Acknowledged is counted, however far the gateway is with its statistics.
      const refusal = await call('DELETE', `/storage/buckets/${id}`);
      assert.deepEqual([refusal.status, refusal.body.object_count], [422, 1], JSON.stringify(refusal.body));
      await succeeded(call, await call('DELETE', `/storage/access-keys/${key.id}`));
      await assert.rejects(client.send(new ListBucketsCommand()), { name: 'InvalidAccessKeyId' });
      client.destroy();
    });

    it('takes the permissions of keys away with the bucket', async () => {
      const { id } = await makeBucket(call, 'passing');
      const bucket_permissions = [{ bucket_id: id, level: 'readwrite' }];
      const { credentials } = await makeAccessKey(call, { scope: 'buckets', bucket_permissions });
      await succeeded(call, await call('DELETE', `/storage/buckets/${id}`));
      const { minio_bucket_name: Bucket } = await makeBucket(call, 'passing');
      const client = world.client(credentials);
      const wanted = new DeleteObjectCommand({ Bucket, Key: 'any' });
      await assert.rejects(client.send(wanted), { name: 'AccessDenied' });
      client.destroy();
    });
  });
}
