import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf } from '../../../../test/client.ts';
import { startTestApp, type TestApp, waitFor } from '../../../../test/harness.ts';
import { makeAccessKey, makeBucket, succeeded } from '../../../../test/object-storage.ts';
import { DataPlaneError } from '../../../dataplane/contract/errors.ts';
import type { RequestRecord } from '../../../object-store/contract.ts';
import { bucketCollectors } from './collector.ts';
import { forgetOld } from './writing.ts';

const STILL = ['bucket-requests', 'bucket-sizes', 'bucket-health'];
const MINUTE_MS = 60_000;

describe('metrics of buckets', () => {
  let test: TestApp;
  let call: Call;
  let bucket: { id: string; minio_bucket_name: string };
  before(async () => {
    test = await startTestApp({ still: STILL });
    call = clientOf(test.app.url!, test.team.token);
    bucket = await makeBucket(call, 'measured');
  });
  after(() => test?.close());

  /** One pass of each collector, without those of the server. */
  const collect = async () => {
    for (const { run } of bucketCollectors(test.app.database, test.objects)) await run();
  };
  const get = async (path: string) => (await call('GET', `/storage/buckets/${bucket.id}/${path}`)).body;
  const requestOf = (changes: Partial<RequestRecord> = {}): RequestRecord => ({
    at: new Date(),
    bucket: bucket.minio_bucket_name,
    objectKey: 'a.jpg',
    accessKeyId: null,
    method: 'GET',
    status: 200,
    egressBytes: 1000,
    ingressBytes: 0,
    milliseconds: 4,
    ...changes,
  });

  it('are null with a reason before anything was counted', async () => {
    const metrics = await get('metrics');
    assert.deepEqual(
      [metrics.requests_24h, metrics.freshness, metrics.latency_24h_ms],
      [null, 'never', null],
    );
    assert.match(metrics.unknown.requests_24h, /not counted/);
    const health = await get('metrics/health');
    assert.deepEqual([health.health_check_status, health.pending_multipart_count], [null, null]);
    assert.match(health.unknown.pending_multipart_count, /looked/);
    assert.match((await get('metrics/top-objects?dimension=egress')).reason, /not counted/);
    assert.equal((await get('metrics/trend')).freshness, 'never');
  });

  it('count each request once, by method, status and duration', async () => {
    const { key } = await makeAccessKey(call);
    const { access_key_id: accessKeyId } = key;
    test.objects.logRequests([
      ...Array.from({ length: 90 }, () => requestOf({ accessKeyId })),
      ...Array.from({ length: 8 }, () =>
        requestOf({ method: 'PUT', objectKey: 'b.jpg', egressBytes: 0, ingressBytes: 50 }),
      ),
      requestOf({ status: 404, objectKey: 'gone', egressBytes: 0 }),
      requestOf({ status: 503, objectKey: 'slow', egressBytes: 0, milliseconds: 2000 }),
      requestOf({ bucket: 'of-nobody' }),
    ]);
    for (const _ of [1, 2]) await collect();
    const metrics = await get('metrics');
    assert.deepEqual([metrics.requests_24h, metrics.freshness, metrics.unknown], [100, 'fresh', {}]);
    assert.deepEqual(metrics.requests_24h_by_method, { GET: 92, PUT: 8, DELETE: 0, HEAD: 0 });
    assert.deepEqual(metrics.requests_24h_by_status, { '2xx': 98, '4xx': 1, '5xx': 1 });
    assert.deepEqual(
      [metrics.error_rate_24h, metrics.egress_bytes_24h, metrics.ingress_bytes_24h],
      [0.02, 90_000, 400],
    );
    const { p50, p95, mean } = metrics.latency_24h_ms;
    // 4 ms are in the class from 3.375 to 5.0625 ms.
    assert.ok(p50 > 3.3 && p95 <= 5.07, JSON.stringify(metrics.latency_24h_ms));
    assert.equal(mean, 23.96);
    const shown = (await call('GET', `/storage/buckets/${bucket.id}`)).body.bucket;
    assert.deepEqual([shown.requests_24h_total, shown.egress_bytes_24h], [100, 90_000]);
    const used = (await call('GET', `/storage/access-keys/${key.id}`)).body.access_key.last_used_at;
    assert.ok(used, 'The key was used.');
  });

  it('name the objects that are largest, and those that are asked for most', async () => {
    const { credentials } = await makeAccessKey(call);
    for (const [key, sizeBytes] of [
      ['small', 10],
      ['large', 5000],
    ] as const) {
      test.objects.request(credentials, bucket.minio_bucket_name, { action: 'put', key, sizeBytes });
    }
    await collect();
    const bySize = await get('metrics/top-objects');
    assert.deepEqual(bySize.items[0], { rank: 1, object_key: 'large', value: 5000 });
    const byRequests = await get('metrics/top-objects?dimension=requests');
    assert.deepEqual(byRequests.items[0], { rank: 1, object_key: 'a.jpg', value: 90 });
    const byEgress = await get('metrics/top-objects?dimension=egress');
    assert.deepEqual(byEgress.items, [{ rank: 1, object_key: 'a.jpg', value: 90_000 }]);
    const { size_bytes, object_count, size_human } = await get('metrics');
    assert.deepEqual([size_bytes, object_count, size_human], [5010, 2, '4.9 KB']);
  });

  it('have a history in intervals that follow each other', async () => {
    for (const [query, seconds] of [
      ['', 900],
      ['?resolution=1m', 60],
      ['?window=7d', 3600],
      ['?window=7d&resolution=1m', 3600],
      ['?window=30d', 86_400],
    ] as const) {
      const { data, resolution } = await get(`metrics/trend${query}`);
      assert.ok(data.length > 0, resolution);
      const requests = data.reduce(
        (sum: number, point: { requests: { total: number } }) => sum + point.requests.total,
        0,
      );
      assert.equal(requests, 102, query);
      assert.deepEqual([data.at(-1).interval_seconds, data.at(-1).size_bytes], [seconds, 5010]);
    }
  });

  it('tell of uploads that were not completed', async () => {
    test.objects.drift.beginUpload({ teamId: test.team.teamId, name: bucket.minio_bucket_name }, 700);
    await collect();
    const health = await get('metrics/health');
    assert.deepEqual([health.health_check_status, health.pending_multipart_count], ['ok', 1]);
    assert.equal(health.pending_multipart_bytes, 700);
    const { findings, verdict } = (await get('diagnose')).data;
    assert.equal(verdict, 'healthy');
    assert.ok(findings.some(({ code }: { code: string }) => code === 'incomplete_uploads'));
  });

  it('are part of a diagnosis, with limits, errors and a store that does not answer', async () => {
    const codes = async () => (await get('diagnose')).data.findings.map(({ code }: { code: string }) => code);
    await succeeded(call, await call('PUT', `/storage/buckets/${bucket.id}`, { size_limit_bytes: 5011 }));
    test.objects.logRequests(Array.from({ length: 50 }, () => requestOf({ status: 403 })));
    await collect();
    const found = await codes();
    assert.ok(found.includes('bucket_limit_near') && found.includes('client_errors'), found.join());
    test.objects.faults.failAlways('describeBucket', new DataPlaneError('unreachable', 'It is away.'));
    assert.equal((await codes())[0], 'store_unreachable');
    test.objects.faults.clear();
    test.objects.drift.removeBucket(bucket.minio_bucket_name);
    assert.equal((await codes())[0], 'bucket_missing');
    await test.objects.ensureBucket({ teamId: test.team.teamId, name: bucket.minio_bucket_name }, false, {});
  });

  it('are told of once as an event and a notification, when they come near a limit', async () => {
    const own = await makeBucket(call, 'filling', { size_limit_bytes: 1000 });
    const { credentials } = await makeAccessKey(call);
    const put = (key: string, sizeBytes: number) =>
      test.objects.request(credentials, own.minio_bucket_name, { action: 'put', key, sizeBytes });
    const limitTo = async (bytes: number) =>
      succeeded(call, await call('PUT', `/storage/buckets/${own.id}`, { size_limit_bytes: bytes }));
    const told = async (path: string) => {
      const { data } = (await call('GET', path)).body;
      return data.filter((one: { resource_id: string }) => one.resource_id === own.id);
    };
    const events = async () =>
      (await told('/events?type=bucket.nearly_full')).map(({ payload }: { payload: unknown }) => payload);
    put('a', 790);
    await collect();
    assert.deepEqual(await events(), []);
    put('b', 20);
    for (const _ of [1, 2]) await collect();
    assert.deepEqual(await events(), [{ name: 'filling', size_bytes: 810, limit_bytes: 1000 }]);
    await limitTo(1050);
    await collect();
    // Not by so much that it is worth telling again.
    await limitTo(1000);
    await collect();
    assert.equal((await events()).length, 1);
    await limitTo(2000);
    await collect();
    await limitTo(900);
    await collect();
    assert.deepEqual((await events()).at(1), { name: 'filling', size_bytes: 810, limit_bytes: 900 });
    const notified = await waitFor('the notifications', async () => {
      const found = await told('/notifications?category=storage_quota_threshold&per_page=100');
      return found.length >= 2 && found;
    });
    assert.deepEqual(
      notified.map(({ type, severity }: Record<string, string>) => [type, severity]),
      Array(2).fill(['bucket.nearly_full', 'warning']),
    );
  });

  it('come from hourly sums where the store logs no single requests', async () => {
    const own = await makeBucket(call, 'added-up');
    test.objects.keepRequests(false);
    test.objects.logRequests([
      requestOf({ bucket: own.minio_bucket_name }),
      requestOf({ bucket: own.minio_bucket_name, status: 404, egressBytes: 0 }),
    ]);
    for (const _ of [1, 2]) await collect();
    const metrics = (await call('GET', `/storage/buckets/${own.id}/metrics`)).body;
    assert.deepEqual(
      [metrics.requests_24h, metrics.error_rate_24h, metrics.egress_bytes_24h],
      [2, 0.5, 1000],
    );
    assert.deepEqual([metrics.requests_24h_by_status, metrics.latency_24h_ms], [null, null]);
    assert.match(metrics.unknown.latency_24h_ms, /does not log/);
    const trend = (await call('GET', `/storage/buckets/${own.id}/metrics/trend?resolution=1m`)).body;
    assert.equal(trend.resolution, '1h');
    test.objects.keepRequests(true);
  });

  it('are forgotten after their time, but not the last size before it', async () => {
    const { pool, db } = test.database;
    await pool.query(
      `insert into bucket_traffic (bucket_id, resolution, at) select $1, resolution, now() - interval '100 days'
       from unnest(array['minute', 'hour']) resolution`,
      [bucket.id],
    );
    await pool.query(
      `insert into bucket_sizes (bucket_id, at, size_bytes, object_count)
       values ($1, now() - interval '120 days', 1, 1), ($1, now() - interval '110 days', 2, 2)`,
      [bucket.id],
    );
    await forgetOld(db);
    const old = new Date(Date.now() - 95 * 24 * 60 * MINUTE_MS);
    const left = await pool.query(
      `select (select count(*)::int from bucket_traffic where at < $1) as traffic,
        (select array_agg(size_bytes::int) from bucket_sizes where at < $1) as sizes`,
      [old],
    );
    assert.deepEqual(left.rows, [{ traffic: 0, sizes: [2] }]);
  });
});
