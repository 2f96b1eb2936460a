import type { Queryable } from '../db/database.ts';
import {
  hoursOf,
  type Line,
  type Month,
  type MonthTotal,
  monthAt,
  monthOf,
  purgePeriods,
  readLines,
  startBefore,
  totalsByTeam,
  totalsOf,
} from './costs.ts';
import { MOST_LINES, MOST_MONTHS, type MonthQuery } from './schema.ts';

/** The month that is asked for. One to come has no costs yet. */
const wantedMonth = ({ month }: MonthQuery, now: Date): Month =>
  month === undefined ? monthAt(now) : monthOf(month);

const viewLine = (line: Line) => ({
  resource_type: line.resource_type,
  resource_id: line.resource_id,
  name: line.name,
  plan: line.plan,
  monthly_cost_cents: line.price_cents,
  from: line.from.toISOString(),
  to: line.to.toISOString(),
  hours: hoursOf(line.seconds),
  amount_cents: line.cents,
  forecast_cents: line.forecast_cents,
});

const viewTotal = (total: MonthTotal, now: Date) => ({ ...total, is_final: monthOf(total.month).end <= now });

/** What a team costs in a month, with a line for each resource. */
export async function readCosts(db: Queryable, teamId: number, query: MonthQuery, now = new Date()) {
  const month = wantedMonth(query, now);
  const { lines, totals } = await readLines(db, teamId, { month, now, limit: MOST_LINES });
  return {
    ...viewTotal({ month: month.month, ...totals }, now),
    starts_at: month.start.toISOString(),
    ends_at: month.end.toISOString(),
    currency: 'EUR' as const,
    lines: lines.map(viewLine),
  };
}

/** The months in which a team has costs. */
export async function listMonths(db: Queryable, teamId: number, now = new Date()) {
  const present = monthAt(now);
  const months = { start: startBefore(present, MOST_MONTHS - 1), end: present.end };
  const totals = await totalsOf(db, teamId, months, now);
  return { data: totals.map((total) => viewTotal(total, now)) };
}

/** Forgets what ended before the months that are listed, and so ten years ago. */
export const purgeUsage = (db: Queryable, now = new Date()): Promise<void> =>
  purgePeriods(db, startBefore(monthAt(now), MOST_MONTHS - 1));

/** All lines of a month, of a team or of all (null). */
export async function exportCosts(
  db: Queryable,
  teamId: number | null,
  query: MonthQuery,
  now = new Date(),
): Promise<Line[]> {
  const { lines } = await readLines(db, teamId, { month: wantedMonth(query, now), now });
  return lines;
}

/** What all teams cost in a month. */
export async function readAllCosts(db: Queryable, query: MonthQuery, now = new Date()) {
  const month = wantedMonth(query, now);
  const { teams, totals } = await totalsByTeam(db, { month, now, limit: MOST_LINES });
  const { resources: _, ...total } = viewTotal({ month: month.month, ...totals }, now);
  return { ...total, currency: 'EUR' as const, teams };
}
