import { sql } from 'kysely';
import type { Queryable } from '../../../db/database.ts';
import type { Bucket } from '../store.ts';
import { percentile, rounded } from './latency.ts';
import { addRow, type Collection, noTraffic, type Traffic, type TrafficRow } from './recent.ts';
import type { RESOLUTIONS, TrendQuery, WINDOWS } from './schema.ts';
import { byStatus, errorRate, freshnessOf, type SizeRow } from './view.ts';

type Window = (typeof WINDOWS)[number];
type Resolution = (typeof RESOLUTIONS)[number];

const SECONDS: Record<Resolution, number> = { '1m': 60, '5m': 300, '15m': 900, '1h': 3600, '1d': 86_400 };
const DAYS: Record<Window, number> = { '24h': 1, '7d': 7, '30d': 30 };
const USUAL: Record<Window, Resolution> = { '24h': '15m', '7d': '1h', '30d': '1d' };

/** The resolution that the rows have: minutes are kept for a day, and only where the store logs single requests. */
function possible(window: Window, wanted: Resolution, { hasLog }: Collection): Resolution {
  const hasMinutes = window === '24h' && hasLog !== false;
  return SECONDS[wanted] < 3600 && !hasMinutes ? '1h' : wanted;
}

/** The history of a bucket: an interval after the other, from its creation or the beginning of the window. */
export async function viewTrend(
  db: Queryable,
  row: Bucket,
  { window = '24h', resolution }: TrendQuery,
  collection: Collection,
) {
  const step = possible(window, resolution ?? USUAL[window], collection);
  const lengthMs = SECONDS[step] * 1000;
  const now = Date.now();
  const since = Math.max(now - DAYS[window] * 86_400_000, row.created_at.getTime());
  const first = Math.floor(since / lengthMs) * lengthMs;
  const [traffic, sizes] = await Promise.all([
    readTraffic(db, row.id, SECONDS[step] < 3600 ? 'minute' : 'hour', first),
    readSizes(db, row.id, first),
  ]);
  const isDetailed = collection.hasLog === true;
  const sums = new Map<number, Traffic>();
  for (const one of traffic) {
    const at = Math.floor(one.at.getTime() / lengthMs) * lengthMs;
    const sum = sums.get(at) ?? noTraffic(isDetailed);
    addRow(sum, one);
    sums.set(at, sum);
  }
  const counted = collection.requestsAt?.getTime() ?? 0;
  const data = [];
  for (let at = first; at <= now; at += lengthMs) {
    // What came after the last look at the log is not known yet.
    const sum = sums.get(at) ?? (at < counted ? noTraffic(isDetailed) : null);
    data.push(viewPoint(at, SECONDS[step], sum, sizeAt(sizes, at + lengthMs)));
  }
  return {
    bucket_id: row.id,
    window,
    resolution: step,
    source: 'deltas' as const,
    freshness: freshnessOf(collection.requestsAt),
    generated_at: new Date(now).toISOString(),
    data,
  };
}

function viewPoint(at: number, seconds: number, sum: Traffic | null, size: Omit<SizeRow, 'at'>) {
  const p95 = sum?.durations ? percentile(sum.durations, 0.95) : null;
  const mean = sum?.totalMs != null && sum.requests > 0 ? rounded(sum.totalMs / sum.requests) : null;
  return {
    recorded_at: new Date(at).toISOString(),
    size_bytes: size.size_bytes,
    object_count: size.object_count,
    requests: {
      total: sum?.requests ?? null,
      get: sum?.byMethod.GET ?? null,
      put: sum?.byMethod.PUT ?? null,
      delete: sum?.byMethod.DELETE ?? null,
      head: sum?.byMethod.HEAD ?? null,
    },
    status: sum && byStatus(sum),
    egress_bytes: sum?.egressBytes ?? null,
    ingress_bytes: sum?.ingressBytes ?? null,
    error_rate: sum && errorRate(sum),
    latency_ms: sum?.durations
      ? { mean, p95: p95?.value ?? null, p95_upper_bound: p95?.bound ?? null }
      : null,
    interval_seconds: seconds,
    requests_24h_total: null,
  };
}

async function readTraffic(db: Queryable, id: string, resolution: 'minute' | 'hour', first: number) {
  const result = await sql<TrafficRow & { at: Date }>`select * from bucket_traffic
    where bucket_id = ${id} and resolution = ${resolution} and at >= ${new Date(first)} order by at`.execute(
    db,
  );
  return result.rows;
}

/** The sizes since then, and the one before. */
async function readSizes(db: Queryable, id: string, first: number): Promise<SizeRow[]> {
  const result = await sql<SizeRow>`select at, size_bytes, object_count from bucket_sizes
    where bucket_id = ${id} and at >= coalesce((select max(at) from bucket_sizes
      where bucket_id = ${id} and at < ${new Date(first)}), '-infinity') order by at`.execute(db);
  return result.rows;
}

/** What it held at that time; a bucket that was not measured yet, nothing. */
const sizeAt = (sizes: readonly SizeRow[], until: number): Omit<SizeRow, 'at'> =>
  sizes.findLast(({ at }) => at.getTime() < until) ?? { size_bytes: 0, object_count: 0 };
