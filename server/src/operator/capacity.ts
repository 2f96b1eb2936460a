import { type RawBuilder, sql } from 'kysely';
import type { Database, Queryable } from '../db/database.ts';
import type { Reconciler } from '../reconcilers/reconcilers.ts';

/** For how many days it is remembered how full the install was. */
const KEPT_DAYS = 400;
/** The days whose growth a forecast goes on with, and how many of them there must be. */
const TREND_DAYS = 30;
const LEAST_DAYS = 3;
/** A forecast beyond this would say nothing. */
const HORIZON_DAYS = 3650;

/** Notes once an hour how full the install is, whichever process comes first. */
export const capacityHistory = ({ db }: Database): Reconciler => ({
  name: 'capacity-history',
  everySeconds: 300,
  async run() {
    await sql`insert into capacity_samples (at, memory_promised_mb, disk_promised_gb, pool_used_mb)
      select date_trunc('hour', now()), memory_promised_mb, disk_promised_gb, pool_mb - pool_free_mb
      from capacity where pool_mb is not null on conflict do nothing`.execute(db);
    await sql`delete from capacity_samples where at < now() - make_interval(days => ${KEPT_DAYS})`.execute(
      db,
    );
  },
});

export type Unknown = 'no_history' | 'not_growing' | 'far_away' | 'no_limit';

export interface Forecast {
  /** Null where it cannot be said; then there is a reason. */
  days_until_full: number | null;
  reason: Unknown | null;
}

interface Trend {
  /** What it grows by in a day; null: too few samples. */
  perDay: number | null;
  /** How many days the samples span. */
  days: number;
}

/** When something is full that has `used` of `limit` and goes on to grow like that. */
export function forecast(used: number, limit: number | null, { perDay, days }: Trend): Forecast {
  const unknown = (reason: Unknown): Forecast => ({ days_until_full: null, reason });
  if (limit === null) return unknown('no_limit');
  if (used >= limit) return { days_until_full: 0, reason: null };
  if (perDay === null || days < LEAST_DAYS) return unknown('no_history');
  if (perDay <= 0) return unknown('not_growing');
  const left = (limit - used) / perDay;
  return left > HORIZON_DAYS ? unknown('far_away') : { days_until_full: Math.floor(left), reason: null };
}

interface Trends {
  memory: number | null;
  disk: number | null;
  pool: number | null;
  days: number;
}

const perDay = (column: string): RawBuilder<number | null> =>
  sql`regr_slope(${sql.ref(column)}, extract(epoch from at) / 86400)`;

async function readTrends(db: Queryable): Promise<Trends> {
  const { rows } = await sql<Trends>`
    select ${perDay('memory_promised_mb')} as memory, ${perDay('disk_promised_gb')} as disk,
      ${perDay('pool_used_mb')} as pool,
      coalesce(extract(epoch from max(at) - min(at)) / 86400, 0)::float8 as days
    from capacity_samples where at > now() - make_interval(days => ${TREND_DAYS})`.execute(db);
  return rows[0]!;
}

/** The last sample of each day, the oldest first. */
async function readDays(db: Queryable) {
  const { rows } = await sql<{
    at: Date;
    memory_promised_mb: number;
    disk_promised_gb: number;
    pool_used_mb: number;
  }>`select * from (select distinct on (at::date) * from capacity_samples order by at::date desc, at desc limit 90) days
    order by at`.execute(db);
  return rows.map(({ at, ...row }) => ({ at: at.toISOString(), ...row }));
}

/** What the install has and has promised, when it will be full, and how it was on the days before. */
export async function readCapacity(db: Queryable) {
  const [now, { days, ...trend }, history] = await Promise.all([
    db.selectFrom('capacity').selectAll().executeTakeFirstOrThrow(),
    readTrends(db),
    readDays(db),
  ]);
  const part = (unit: 'mb' | 'gb', used: number | null, limit: number | null, growth: number | null) => ({
    unit,
    used,
    limit,
    ...forecast(used ?? 0, used === null ? null : limit, { perDay: growth, days }),
  });
  const poolUsed = now.pool_mb === null ? null : now.pool_mb - (now.pool_free_mb ?? 0);
  return {
    memory: part('mb', now.memory_promised_mb, now.memory_limit_mb, trend.memory),
    disk: part('gb', now.disk_promised_gb, now.disk_limit_gb, trend.disk),
    pool: part(
      'mb',
      poolUsed,
      now.pool_mb === null ? null : now.pool_mb - (now.pool_reserve_mb ?? 0),
      trend.pool,
    ),
    trend_days: Math.floor(days),
    history,
    observed_at: now.observed_at?.toISOString() ?? null,
  };
}
