import { costCents, humanBytes } from '../figures.ts';
import type { Bucket } from '../store.ts';
import { percentile, rounded } from './latency.ts';
import type { Collection, Traffic } from './recent.ts';

export interface SizeRow {
  at: Date;
  size_bytes: number;
  object_count: number;
}

const MINUTE_MS = 60_000;

/** How old figures are. */
export function freshnessOf(at: Date | null): 'fresh' | 'lagging' | 'stale' | 'never' {
  if (at === null) return 'never';
  const age = Date.now() - at.getTime();
  return age <= 2 * MINUTE_MS ? 'fresh' : age <= 15 * MINUTE_MS ? 'lagging' : 'stale';
}

export const NO_LOG = 'This object store does not log its requests, but only adds them up.';
export const NOT_COUNTED = 'The requests were not counted yet.';
const NO_REQUESTS = 'There were no requests.';
const NOT_TOLD = 'The object store does not tell how much of a bucket old versions take.';
const TOO_MANY = 'There are too many incomplete uploads to look at.';
const NOT_LOOKED = 'Nobody has looked at the bucket yet.';

/** Requests that succeeded, with those that were redirected, and others; null where the store does not tell. */
export const byStatus = ({ requests, failed, clientErrors, serverErrors }: Traffic) =>
  clientErrors === null || serverErrors === null
    ? null
    : { '2xx': Math.max(requests - failed, 0), '4xx': clientErrors, '5xx': serverErrors };

export const errorRate = ({ requests, failed }: Traffic): number | null =>
  requests === 0 ? null : Math.min(Math.round((failed / requests) * 10_000) / 10_000, 1);

/** The figures of a bucket. `recent`: its requests of 24 hours; null: never counted. */
export function viewMetrics(row: Bucket, recent: Traffic | null, collection: Collection, centsPerGb: number) {
  const cost = costCents(row.size_bytes, centsPerGb);
  const rate = recent && errorRate(recent);
  const latency = recent && latencyOf(recent);
  const status = recent && byStatus(recent);
  return {
    size_bytes: row.size_bytes,
    size_human: humanBytes(row.size_bytes),
    object_count: row.object_count,
    requests_24h: recent?.requests ?? null,
    requests_24h_by_method: recent?.byMethod ?? null,
    requests_24h_by_status: status,
    error_rate_24h: rate,
    latency_24h_ms: latency,
    egress_bytes_24h: recent?.egressBytes ?? null,
    egress_human_24h: recent && humanBytes(recent.egressBytes),
    ingress_bytes_24h: recent?.ingressBytes ?? null,
    ingress_human_24h: recent && humanBytes(recent.ingressBytes),
    monthly_cost_cents: cost,
    monthly_cost_dollars: (cost / 100).toFixed(2),
    source: 'deltas' as const,
    freshness: freshnessOf(collection.requestsAt),
    last_sync_at: row.measured_at?.toISOString() ?? null,
    metrics_precomputed_at: collection.requestsAt?.toISOString() ?? null,
    unknown: recent
      ? {
          ...(status ? {} : { requests_24h_by_status: NO_LOG }),
          ...(latency ? {} : { latency_24h_ms: recent.durations ? NO_REQUESTS : NO_LOG }),
          ...(rate === null ? { error_rate_24h: NO_REQUESTS } : {}),
        }
      : Object.fromEntries(OF_REQUESTS.map((member) => [member, NOT_COUNTED])),
  };
}

const OF_REQUESTS = [
  'requests_24h',
  'requests_24h_by_method',
  'requests_24h_by_status',
  'error_rate_24h',
  'latency_24h_ms',
  'egress_bytes_24h',
  'ingress_bytes_24h',
];

function latencyOf({ durations, totalMs, requests }: Traffic) {
  if (!durations || totalMs === null || requests === 0) return null;
  return {
    p50: percentile(durations, 0.5)?.value ?? null,
    p95: percentile(durations, 0.95)?.value ?? null,
    mean: rounded(totalMs / requests),
  };
}

/** What the last look at a bucket has found. */
export function viewHealth(row: Bucket, { requestsAt }: Collection) {
  const status = row.health_status as 'ok' | 'skipped' | 'error' | null;
  const why = status === null ? NOT_LOOKED : TOO_MANY;
  return {
    bucket_id: row.id,
    pending_multipart_count: row.upload_count,
    pending_multipart_bytes: row.upload_bytes,
    deleted_size_bytes: null,
    freshness: freshnessOf(row.health_checked_at),
    metrics_precomputed_at: requestsAt?.toISOString() ?? null,
    last_health_check_at: row.health_checked_at?.toISOString() ?? null,
    health_check_status: status,
    unknown: {
      deleted_size_bytes: NOT_TOLD,
      ...(row.upload_count === null ? { pending_multipart_count: why, pending_multipart_bytes: why } : {}),
    },
  };
}
