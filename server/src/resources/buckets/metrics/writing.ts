import { sql } from 'kysely';
import { deleteInBatches } from '../../../db/batches.ts';
import type { Queryable, Tx } from '../../../db/database.ts';
import type { HourlyUsage } from '../../../object-store/contract.ts';
import type { ObjectSum, Sum, Sums } from './sums.ts';

/** How long sums are kept. */
const KEPT = { minute: '2 days', hour: '90 days', objects: '31 days', sizes: '90 days' } as const;
/** Objects of a bucket that are kept for each day: those that were asked for most, or sent most. */
const OBJECTS_PER_DAY = 100;

/** Adds what a page of the log has to the rows, and notes when keys were last used. */
export async function writeSums(tx: Tx, { traffic, objects, lastUsed }: Sums): Promise<void> {
  await addTraffic(tx, traffic);
  await addObjects(tx, objects);
  if (lastUsed.size === 0) return;
  await sql`update access_keys set last_used_at = greatest(last_used_at, used.at)
    from unnest(${[...lastUsed.keys()]}::text[], ${[...lastUsed.values()]}::timestamptz[]) as used (id, at)
    where access_key_id = used.id`.execute(tx);
}

async function addTraffic(tx: Tx, sums: readonly Sum[]): Promise<void> {
  if (sums.length === 0) return;
  const added = sums.map(({ bucketId, at, byMethod, durations, ...sum }) => ({
    ...{ bucket_id: bucketId, resolution: sum.resolution, at: new Date(at), durations },
    ...{ gets: byMethod.GET, puts: byMethod.PUT, deletes: byMethod.DELETE, heads: byMethod.HEAD },
    ...{ others: byMethod.OTHER, failed: sum.failed, client_errors: sum.clientErrors },
    ...{ server_errors: sum.serverErrors, egress_bytes: sum.egressBytes, ingress_bytes: sum.ingressBytes },
    total_ms: sum.totalMs,
  }));
  await sql`insert into bucket_traffic as present (bucket_id, resolution, at, gets, puts, deletes, heads, others,
      failed, client_errors, server_errors, egress_bytes, ingress_bytes, total_ms, durations)
    select bucket_id, resolution, at, gets, puts, deletes, heads, others,
      failed, client_errors, server_errors, egress_bytes, ingress_bytes, total_ms, durations
    from ${rowsOf(added)} as added (bucket_id uuid, resolution text, at timestamptz, gets bigint, puts bigint,
      deletes bigint, heads bigint, others bigint, failed bigint, client_errors bigint, server_errors bigint,
      egress_bytes bigint, ingress_bytes bigint, total_ms double precision, durations bigint[])
    join buckets on buckets.id = bucket_id ${STILL_THERE}
    on conflict (bucket_id, resolution, at) do update set
      gets = present.gets + excluded.gets, puts = present.puts + excluded.puts,
      deletes = present.deletes + excluded.deletes, heads = present.heads + excluded.heads,
      others = present.others + excluded.others, failed = present.failed + excluded.failed,
      client_errors = present.client_errors + excluded.client_errors,
      server_errors = present.server_errors + excluded.server_errors,
      egress_bytes = present.egress_bytes + excluded.egress_bytes,
      ingress_bytes = present.ingress_bytes + excluded.ingress_bytes,
      total_ms = present.total_ms + excluded.total_ms,
      durations = (select array_agg(a + b order by place)
        from unnest(present.durations, excluded.durations) with ordinality as both_of (a, b, place))`.execute(
    tx,
  );
}

/** Rows for one statement, however many they are. What follows names and types their columns. */
const rowsOf = (rows: readonly object[]) => sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)`;
/** A bucket that is being deleted is waited for, and then left out. */
const STILL_THERE = sql`for key share of buckets`;

async function addObjects(tx: Tx, sums: readonly ObjectSum[]): Promise<void> {
  if (sums.length === 0) return;
  const column = <Name extends keyof ObjectSum>(name: Name) => sums.map((sum) => sum[name]);
  await sql`insert into bucket_objects as present (bucket_id, day, object_key, requests, egress_bytes)
    select bucket, day, object_key, requests, egress
    from unnest(${column('bucketId')}::uuid[], ${column('day')}::date[], ${column('objectKey')}::text[],
      ${column('requests')}::bigint[], ${column('egressBytes')}::bigint[])
      as added (bucket, day, object_key, requests, egress)
    join buckets on buckets.id = bucket ${STILL_THERE}
    on conflict (bucket_id, day, object_key) do update set
      requests = present.requests + excluded.requests,
      egress_bytes = present.egress_bytes + excluded.egress_bytes`.execute(tx);
  await sql`delete from bucket_objects o using (
      select bucket_id, day, object_key,
        row_number() over (partition by bucket_id, day order by requests desc) as by_requests,
        row_number() over (partition by bucket_id, day order by egress_bytes desc) as by_egress
      from bucket_objects where (bucket_id, day) in (select distinct * from unnest(
        ${column('bucketId')}::uuid[], ${column('day')}::date[]))) ranked
    where o.bucket_id = ranked.bucket_id and o.day = ranked.day and o.object_key = ranked.object_key
      and by_requests > ${OBJECTS_PER_DAY} and by_egress > ${OBJECTS_PER_DAY}`.execute(tx);
}

/** Writes what the store has added up itself, for one that does not log requests. Writing it again changes nothing. */
export async function writeUsage(
  tx: Tx,
  usage: readonly HourlyUsage[],
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const hours = Map.groupBy(
    usage.filter(({ bucket }) => ids.has(bucket)),
    ({ bucket, hour }) => `${bucket} ${hour.getTime()}`,
  );
  if (hours.size === 0) return;
  const rows = Array.from(hours.values(), (all) => {
    const sum = (of: (row: HourlyUsage) => number) => all.reduce((total, row) => total + of(row), 0);
    const of = (method: HourlyUsage['method']) => sum((row) => (row.method === method ? row.requests : 0));
    return {
      ...{ bucket_id: ids.get(all[0]!.bucket)!, at: all[0]!.hour },
      ...{ gets: of('GET'), puts: of('PUT'), deletes: of('DELETE'), heads: of('HEAD'), others: of('OTHER') },
      failed: sum(({ requests, successful }) => requests - successful),
      egress_bytes: sum(({ egressBytes }) => egressBytes),
      ingress_bytes: sum(({ ingressBytes }) => ingressBytes),
    };
  });
  await sql`insert into bucket_traffic (bucket_id, resolution, at, gets, puts, deletes, heads, others, failed,
      egress_bytes, ingress_bytes)
    select bucket_id, 'hour', at, gets, puts, deletes, heads, others, failed, egress_bytes, ingress_bytes
    from ${rowsOf(rows)} as seen (bucket_id uuid, at timestamptz, gets bigint, puts bigint, deletes bigint,
      heads bigint, others bigint, failed bigint, egress_bytes bigint, ingress_bytes bigint)
    join buckets on buckets.id = bucket_id ${STILL_THERE}
    on conflict (bucket_id, resolution, at) do update set gets = excluded.gets, puts = excluded.puts,
      deletes = excluded.deletes, heads = excluded.heads, others = excluded.others, failed = excluded.failed,
      client_errors = null, server_errors = null, egress_bytes = excluded.egress_bytes,
      ingress_bytes = excluded.ingress_bytes, total_ms = null, durations = null`.execute(tx);
}

/** Writes what buckets hold now, and a row of history for each whose size has changed. */
export async function writeSizes(
  tx: Tx,
  sizes: readonly { id: string; sizeBytes: number; objectCount: number }[],
): Promise<void> {
  await sql`with seen as (
      select * from unnest(${sizes.map(({ id }) => id)}::uuid[], ${sizes.map((one) => one.sizeBytes)}::bigint[],
        ${sizes.map((one) => one.objectCount)}::bigint[]) as seen (id, size_bytes, object_count)),
    history as (
      insert into bucket_sizes (bucket_id, at, size_bytes, object_count)
      select b.id, now(), seen.size_bytes, seen.object_count from seen join buckets b on b.id = seen.id
      where b.measured_at is null or (b.size_bytes, b.object_count) <> (seen.size_bytes, seen.object_count))
    update buckets b set size_bytes = seen.size_bytes, object_count = seen.object_count, measured_at = now()
    from seen where b.id = seen.id`.execute(tx);
}

/** Deletes what is older than it is kept. Of sizes, the last one before that is still needed. */
export async function forgetOld(db: Queryable): Promise<void> {
  for (const resolution of ['minute', 'hour'] as const) {
    await deleteInBatches(
      db,
      (limit) => sql`delete from bucket_traffic where ctid = any(array(select ctid from bucket_traffic
        where resolution = ${resolution} and at < now() - ${KEPT[resolution]}::interval limit ${limit}))`,
    );
  }
  await deleteInBatches(
    db,
    (limit) => sql`delete from bucket_objects where ctid = any(array(select ctid from bucket_objects
      where day < (now() - ${KEPT.objects}::interval)::date limit ${limit}))`,
  );
  await deleteInBatches(
    db,
    (limit) => sql`delete from bucket_sizes where ctid = any(array(select ctid from bucket_sizes old
      where at < now() - ${KEPT.sizes}::interval and exists (select from bucket_sizes later
        where later.bucket_id = old.bucket_id and later.at > old.at and later.at < now() - ${KEPT.sizes}::interval)
      limit ${limit}))`,
  );
}
