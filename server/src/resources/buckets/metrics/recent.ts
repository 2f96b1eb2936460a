import { sql } from 'kysely';
import type { Queryable } from '../../../db/database.ts';
import { addDurations, noDurations } from './latency.ts';

/** Requests of a period. */
export interface Traffic {
  requests: number;
  byMethod: { GET: number; PUT: number; DELETE: number; HEAD: number };
  failed: number;
  /** Null: the store does not tell. */
  clientErrors: number | null;
  serverErrors: number | null;
  egressBytes: number;
  ingressBytes: number;
  totalMs: number | null;
  durations: number[] | null;
}

/** A row of `bucket_traffic`, or several added up by the database. */
export interface TrafficRow {
  gets: number;
  puts: number;
  deletes: number;
  heads: number;
  others: number;
  failed: number;
  client_errors: number | null;
  server_errors: number | null;
  egress_bytes: number;
  ingress_bytes: number;
  total_ms: number | null;
  durations: number[] | null;
}

/** Nothing was asked. `isDetailed`: whether the store would have told status and duration. */
export const noTraffic = (isDetailed: boolean): Traffic => ({
  requests: 0,
  byMethod: { GET: 0, PUT: 0, DELETE: 0, HEAD: 0 },
  failed: 0,
  clientErrors: isDetailed ? 0 : null,
  serverErrors: isDetailed ? 0 : null,
  egressBytes: 0,
  ingressBytes: 0,
  totalMs: isDetailed ? 0 : null,
  durations: isDetailed ? noDurations() : null,
});

/** Adds a row. What one part does not tell is not known of the sum. */
export function addRow(to: Traffic, row: TrafficRow): void {
  const { byMethod } = to;
  byMethod.GET += row.gets;
  byMethod.PUT += row.puts;
  byMethod.DELETE += row.deletes;
  byMethod.HEAD += row.heads;
  to.requests += row.gets + row.puts + row.deletes + row.heads + row.others;
  to.failed += row.failed;
  to.egressBytes += row.egress_bytes;
  to.ingressBytes += row.ingress_bytes;
  to.clientErrors = both(to.clientErrors, row.client_errors);
  to.serverErrors = both(to.serverErrors, row.server_errors);
  to.totalMs = both(to.totalMs, row.total_ms);
  if (to.durations && row.durations) addDurations(to.durations, row.durations.map(Number));
  else to.durations = null;
}

const both = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

/** How far requests were counted. */
export interface Counted {
  /** Whether requests are logged one by one; null: never asked. */
  hasLog: boolean | null;
  requestsAt: Date | null;
}

/** How far the store’s statistics were read. */
export interface Collection extends Counted {
  sizesAt: Date | null;
}

export async function readCollection(db: Queryable): Promise<Collection> {
  const row = await db.selectFrom('bucket_collection').selectAll().executeTakeFirstOrThrow();
  return { hasLog: row.has_log, requestsAt: row.requests_at, sizesAt: row.sizes_at };
}

/**
 * The requests of these buckets in the last 24 hours: of the hour in progress and the 23 before it. Empty where they were
 * never counted.
 */
export async function readRecent(
  db: Queryable,
  ids: readonly string[],
  { hasLog, requestsAt }: Counted,
): Promise<Map<string, Traffic>> {
  if (ids.length === 0 || requestsAt === null) return new Map();
  const result = await sql<TrafficRow & { bucket_id: string }>`
    select bucket_id, gets, puts, deletes, heads, others, failed, client_errors, server_errors, egress_bytes,
      ingress_bytes, total_ms, durations
    from bucket_traffic where bucket_id = any(${ids}::uuid[]) and resolution = 'hour'
      and at > now() - interval '24 hours'`.execute(db);
  const recent = new Map(ids.map((id) => [id, noTraffic(hasLog === true)]));
  for (const row of result.rows) addRow(recent.get(row.bucket_id)!, row);
  return recent;
}
