import type { Api } from '../../../http/api.ts';
import { BucketParams } from '../schema.ts';
import { BucketDiagnosis, Health, Metrics, TopObjects, TopQuery, Trend, TrendQuery } from './schema.ts';
import type { BucketMetrics } from './service.ts';

const tags = ['Buckets'];
const params = BucketParams;
const one = '/storage/buckets/:bucket';

/** How buckets are used, and what is wrong with them. */
export function bucketMetricRoutes(api: Api, buckets: BucketMetrics): void {
  figureRoutes(api, buckets);
  topRoute(api, buckets);
  healthRoute(api, buckets);
  diagnoseRoute(api, buckets);
}

function figureRoutes(api: Api, buckets: BucketMetrics): void {
  api.get(
    `${one}/metrics`,
    {
      config: { scope: 'storage:read' },
      schema: {
        operationId: 'getBucketMetrics',
        summary: 'Show the metrics of a bucket',
        description:
          'Size, and requests of 24 hours with their errors and durations. They are counted every 15 seconds, sizes every ' +
          'minute. What is not known is null; `unknown` says why.',
        tags,
        params,
        response: { 200: Metrics },
      },
    },
    (request) => buckets.metrics(request.principal, request.params.bucket),
  );
  api.get(
    `${one}/metrics/trend`,
    {
      config: { scope: 'storage:read' },
      schema: {
        operationId: 'getBucketTrend',
        summary: 'Show the history of a bucket',
        description:
          'The same over time, in intervals since the beginning of the window or the bucket’s creation.',
        tags,
        params,
        querystring: TrendQuery,
        response: { 200: Trend },
      },
    },
    (request) => buckets.trend(request.principal, request.params.bucket, request.query),
  );
}

function topRoute(api: Api, buckets: BucketMetrics): void {
  api.get(
    `${one}/metrics/top-objects`,
    {
      config: { scope: 'storage:read', asksInstance: true, errors: ['not_available', 'unavailable'] },
      schema: {
        operationId: 'listBucketTopObjects',
        summary: 'List the top objects of a bucket',
        description:
          'The ten objects that are largest, are asked for most, or have sent most. `reason` says why there are none.',
        tags,
        params,
        querystring: TopQuery,
        response: { 200: TopObjects },
      },
    },
    (request) => buckets.topObjects(request.principal, request.params.bucket, request.query),
  );
}

function healthRoute(api: Api, buckets: BucketMetrics): void {
  api.get(
    `${one}/metrics/health`,
    {
      config: { scope: 'storage:read' },
      schema: {
        operationId: 'getBucketHealth',
        summary: 'Show the health of a bucket',
        description:
          'What the last look at the bucket has found, such as multipart uploads that were not completed.',
        tags,
        params,
        response: { 200: Health },
      },
    },
    (request) => buckets.health(request.principal, request.params.bucket),
  );
}

function diagnoseRoute(api: Api, buckets: BucketMetrics): void {
  api.get(
    `${one}/diagnose`,
    {
      config: { scope: 'storage:read', asksInstance: true },
      schema: {
        operationId: 'diagnoseBucket',
        summary: 'Diagnose a bucket',
        description: 'Looks for problems, and lists them with their remedies, the most severe first.',
        tags,
        params,
        response: { 200: BucketDiagnosis },
      },
    },
    async (request) => ({
      success: true,
      data: await buckets.diagnose(request.principal, request.params.bucket),
      error: null,
      meta: { request_id: request.id },
    }),
  );
}
