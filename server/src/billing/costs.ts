import { sql } from 'kysely';
import { deleteInBatches } from '../db/batches.ts';
import type { Queryable } from '../db/database.ts';

/**
 * What resources cost. The rule: an hour costs a 730th of the price of a month, of each resource the first 730 hours of a month
 * count, in UTC, and the cents of each resource are rounded once, half a cent up. So a resource that is there all month costs the
 * price of a month, in each month.
 */

/** Hours of a month that cost something: a twelfth of 365 days. */
export const HOURS_PER_MONTH = 730;
const SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600;

/** A month in UTC: `2026-11`, its first moment, and that of the next one. */
export interface Month {
  month: string;
  start: Date;
  end: Date;
}

/** The month of `YYYY-MM`. */
export function monthOf(text: string): Month {
  const [year, month] = text.split('-').map(Number) as [number, number];
  const first = (index: number) => new Date(Date.UTC(year, index, 1));
  return { month: text, start: first(month - 1), end: first(month) };
}

/** The month that a moment is in. */
export const monthAt = (moment: Date): Month => monthOf(moment.toISOString().slice(0, 7));

/** The first moment of the month that is so many months before another one. */
export const startBefore = ({ start }: Month, months: number): Date =>
  new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() - months, 1));

/** What one resource costs in a month. */
export interface Line {
  month: string;
  team_id: number;
  resource_type: string;
  resource_id: string;
  name: string;
  /** The last one, and what it costs a month. */
  plan: string;
  price_cents: number;
  from: Date;
  to: Date;
  /** In which it was there. */
  seconds: number;
  cents: number;
  /** If it goes on as it is until the month ends. */
  forecast_cents: number;
}

/** Some months that follow each other: from the first moment of the first one to that of the one after the last. */
export type Span = Pick<Month, 'start' | 'end'>;

/**
 * SQL: a {@link Line} for each month and resource, of a team, or of all (null). Of the present month, it counts until `now`.
 * Each period is cut to the months that it touches, twice: until now, and as if those that are open went on until the month's end.
 */
const linesOf = (teamId: number | null, { start, end }: Span, now: Date) => sql<Line>`
  with cut as (
    select p.*, to_char(m.first at time zone 'UTC', 'YYYY-MM') as month, horizon.is_forecast,
      greatest(p.began_at, m.first) as cut_from, least(coalesce(p.ended_at, horizon.until), m.next) as cut_to
    from usage_periods p
      cross join lateral (
        select month at time zone 'UTC' as first, (month + interval '1 month') at time zone 'UTC' as next
        from generate_series(date_trunc('month', greatest(p.began_at, ${start}::timestamptz) at time zone 'UTC'),
          (least(p.ended_at, ${end}::timestamptz) - interval '1 microsecond') at time zone 'UTC', interval '1 month') month) m
      cross join lateral (values (false, ${now}::timestamptz), (true, m.next)) horizon (is_forecast, until)
    where p.began_at < ${end}::timestamptz and coalesce(p.ended_at, 'infinity') > ${start}::timestamptz
      ${teamId === null ? sql`` : sql`and p.team_id = ${teamId}`}
  ), counted as (
    select *, extract(epoch from cut_to - cut_from) as seconds,
      sum(extract(epoch from cut_to - cut_from)) over (
        partition by month, is_forecast, resource_id order by cut_from, id) as so_far
    from cut where cut_to > cut_from
  ), paid as (
    select *, greatest(0, least(seconds, ${sql.lit(SECONDS_PER_MONTH)} - (so_far - seconds))) as paid_seconds from counted
  ), forked as (
    select month, team_id, resource_type, resource_id, is_forecast,
      (array_agg(name order by id desc))[1] as name, (array_agg(plan order by id desc))[1] as plan,
      (array_agg(price_cents order by id desc))[1] as price_cents,
      min(cut_from) as "from", max(cut_to) as "to", sum(seconds) as seconds,
      round(sum(paid_seconds * price_cents) / ${sql.lit(SECONDS_PER_MONTH)})::bigint as cents
    from paid group by month, team_id, resource_type, resource_id, is_forecast
  )
  select now.month, now.team_id, now.resource_type, now.resource_id, now.name, now.plan, now.price_cents, now."from", now."to",
    now.seconds::float8 as seconds, now.cents, later.cents as forecast_cents
  from forked now join forked later using (month, resource_id)
  where not now.is_forecast and later.is_forecast`;

/** Hours, to less than a second. */
export const hoursOf = (seconds: number): number => Math.round((seconds / 3600) * 10_000) / 10_000;

/** The sums of some lines. */
export interface Totals {
  total_cents: number;
  forecast_cents: number;
  resources: number;
}

/** The totals of a month. */
export interface MonthTotal extends Totals {
  month: string;
}

/** The totals that stand in each row of a result, beside the rest of it: nothing without rows. */
function totalsIn(rows: readonly { totals: Totals }[]): Totals {
  return rows[0]?.totals ?? { total_cents: 0, forecast_cents: 0, resources: 0 };
}

/** What the team's resources cost in these months, the newest first; months without costs are not among them. */
export async function totalsOf(
  db: Queryable,
  teamId: number,
  months: Span,
  now: Date,
): Promise<MonthTotal[]> {
  const { rows } = await sql<MonthTotal>`
    select month, sum(cents)::bigint as total_cents, sum(forecast_cents)::bigint as forecast_cents, count(*) as resources
    from (${linesOf(teamId, months, now)}) lines group by month order by month desc`.execute(db);
  return rows;
}

/** The lines of a month, those that cost most first; at most `limit`, and the totals of all. */
export async function readLines(
  db: Queryable,
  teamId: number | null,
  { month, now, limit }: { month: Month; now: Date; limit?: number },
): Promise<{ lines: Line[]; totals: Totals }> {
  const { rows } = await sql<Line & { totals: Totals }>`
    select *, json_build_object('total_cents', sum(cents) over (), 'forecast_cents', sum(forecast_cents) over (),
      'resources', count(*) over ()) as totals
    from (${linesOf(teamId, month, now)}) lines order by cents desc, resource_type, name, resource_id
    ${limit === undefined ? sql`` : sql`limit ${limit}`}`.execute(db);
  return { lines: rows, totals: totalsIn(rows) };
}

/** What a team costs in a month. */
export interface TeamTotal extends Totals {
  team_id: number;
  name: string;
}

/** The totals of each team in a month, those that cost most first; at most `limit`, and those of all teams together. */
export async function totalsByTeam(
  db: Queryable,
  { month, now, limit }: { month: Month; now: Date; limit: number },
): Promise<{ teams: TeamTotal[]; totals: Totals }> {
  const { rows } = await sql<TeamTotal & { totals: Totals }>`
    select lines.team_id, t.name, sum(cents)::bigint as total_cents, sum(forecast_cents)::bigint as forecast_cents,
      count(*) as resources, json_build_object('total_cents', sum(sum(cents)) over (),
        'forecast_cents', sum(sum(forecast_cents)) over (), 'resources', sum(count(*)) over ()) as totals
    from (${linesOf(null, month, now)}) lines join teams t on t.id = lines.team_id
    group by lines.team_id, t.name order by total_cents desc, lines.team_id limit ${limit}`.execute(db);
  return { teams: rows.map(({ totals: _, ...team }) => team), totals: totalsIn(rows) };
}

/** Forgets what has ended before a moment. */
export async function purgePeriods(db: Queryable, before: Date): Promise<void> {
  await deleteInBatches(
    db,
    (limit) => sql`delete from usage_periods where id = any(array(
      select id from usage_periods where ended_at < ${before} limit ${limit}))`,
  );
}
