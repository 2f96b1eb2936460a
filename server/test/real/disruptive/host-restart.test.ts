import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:https';
import { after, before, describe, it } from 'node:test';
import {
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { OBJECT_STORE_IMAGE } from '../../../src/images/appliance-recipe.ts';
import { freePort, waitFor } from '../../harness.ts';
import { makeAccessKey, makeBucket } from '../../object-storage.ts';
import { SmallHost } from '../small-host.ts';

/** Objects that are acknowledged before the power is cut, while others are on their way. */
const OBJECTS = 60;
const WRITERS = 4;
/** Seconds until all works again, and between two comparisons of the store with the rows, at most. */
const PATIENCE = 600;

/** Object storage in use on a host that loses its power, and starts again. */
describe('a restart of the host', { timeout: 3_600_000 }, () => {
  let host: SmallHost;
  let client: S3Client;

  before(async () => {
    host = await SmallHost.open({
      images: [OBJECT_STORE_IMAGE],
      settings: {
        DANUBE_PUBLIC_ADDRESS: '127.0.0.1',
        DANUBE_S3_PORT: String(await freePort()),
        DANUBE_S3_SIZE_GB: '10',
      },
    });
  });
  after(async () => {
    client?.destroy();
    await host?.close();
  });

  const bucket = async (id: string) => (await host.call('GET', `/storage/buckets/${id}`)).body.bucket;
  const typesOf = async (id: string): Promise<string[]> =>
    (await host.call('GET', `/events?resource_id=${id}`)).body.data.map(({ type }: { type: string }) => type);

  it('leaves all that object storage has acknowledged, and nothing that differs from the rows', async () => {
    const made = await makeBucket(host.call, 'kept', { versioning_enabled: true, tags: ['a=1'] });
    const other = await makeBucket(host.call, 'empty', { public_access: true });
    const { key, credentials } = await makeAccessKey(host.call, { scope: 'team' });
    const bucket_permissions = [{ bucket_id: made.id, level: 'read' }];
    const reader = await makeAccessKey(host.call, { scope: 'buckets', bucket_permissions });
    const { certificate: ca } = (await host.call('GET', '/certificate-authority')).body;
    const clientOf = (keys: typeof credentials) =>
      new S3Client({
        ...{ endpoint: made.endpoint_url, region: made.region, forcePathStyle: true, credentials: keys },
        ...{ maxAttempts: 1, requestHandler: { httpsAgent: new Agent({ ca, keepAlive: true }) } },
      });
    client = clientOf(credentials);
    const Bucket = made.minio_bucket_name;

    const written = new Map<string, Buffer>();
    let isOn = true;
    const write = async (_: unknown, writer: number): Promise<void> => {
      for (let index = 0; isOn; index++) {
        const [Key, Body] = [`${writer}/${index}`, randomBytes(3000)];
        try {
          await client.send(new PutObjectCommand({ Bucket, Key, Body }));
          written.set(Key, Body);
        } catch (error) {
          if (isOn) throw error;
        }
      }
    };
    const writers = Promise.all(Array.from({ length: WRITERS }, write));
    await Promise.race([writers, waitFor('some to be written', async () => written.size >= OBJECTS)]);
    isOn = false;
    await Promise.all([host.cutPower(), writers]);
    await host.start();

    const list = new ListObjectsV2Command({ Bucket });
    await waitFor('S3 to answer', () => client.send(list).catch(() => null), PATIENCE);
    const back = new Date().toISOString();
    for (const [Key, bytes] of written) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      assert.ok(bytes.equals(Buffer.from(await Body!.transformToByteArray())), Key);
    }
    await client.send(new PutObjectCommand({ Bucket, Key: 'after', Body: 'x' }));
    const { Buckets = [] } = await client.send(new ListBucketsCommand());
    assert.deepEqual(Buckets.map(({ Name }) => Name).sort(), [other.minio_bucket_name, Bucket].sort());
    const reading = clientOf(reader.credentials);
    await reading.send(new GetObjectCommand({ Bucket, Key: 'after' }));
    reading.destroy();

    await waitFor(
      'the store to be compared with the rows',
      async () => (await bucket(made.id)).status_details.observed_at > back,
      PATIENCE,
    );
    for (const { id } of [made, other]) {
      assert.deepEqual(await typesOf(id), ['bucket.requested', 'bucket.created']);
      const { body } = await host.call('GET', `/storage/buckets/${id}/diagnose`);
      assert.equal(body.data.verdict, 'healthy', JSON.stringify(body));
    }
    for (const { id } of [key, reader.key])
      assert.ok(!(await typesOf(id)).includes('access_key.mended'), JSON.stringify(await typesOf(id)));
    for (const leak of ['unknown bucket', 'unknown access key', 'removing a revoked key'])
      assert.equal(host.lastPrinted(leak), -1, leak);
  });
});
