import { sql } from 'kysely';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import { recordAll } from '../../events/store.ts';
import { type Metric, metricOf } from '../../metrics/catalogue.ts';
import type { MetricsStore } from '../../metrics/contract.ts';
import { type AlertState, type Condition, evaluate, type Happening } from './conditions.ts';
import { alertEvents } from './events.ts';
import { subjectOf, toldOf } from './store.ts';

/** Milliseconds after which what was seen before says nothing about the time since. */
const GAP = 120_000;
/** Alerts that are written in one transaction. */
const BATCH = 1000;
/** Alerts as before that are written in one statement. */
const STEADY_BATCH = 5000;
/** Instances that a query names; for more, it reads those of all teams. */
const NAMED = 500;
/** Queries that the store answers at the same time. */
const QUERIES = 3;

/** What a round reads of an alert. */
interface Watched extends Condition {
  id: string;
  team_id: number;
  resource_type: string;
  resource_id: string;
  metric: string;
  status: AlertState['status'];
  revision: number;
  turning_since: Date | null;
  consecutive_breaches: number;
  no_data_since: Date | null;
  is_missed: boolean;
  last_evaluated_at: Date | null;
}

/** How an alert comes out of a round. */
interface Outcome {
  alert: Watched;
  state: AlertState;
  happened: Happening | null;
}

/**
 * Evaluates all enabled alerts once: one query of the store for each metric, however many alerts and kinds of instances have
 * it. States, history and events are written together. An alert that was changed meanwhile is left as it is. Throws
 * `MetricsUnavailable` where the store does not answer: then nothing is known, which is not the same as no data.
 */
export async function evaluateAlerts(
  database: Database,
  metrics: MetricsStore,
  now = Date.now(),
): Promise<void> {
  const groups = [
    ...Map.groupBy(await readAlerts(database), ({ resource_type, metric }) =>
      metricOf(resource_type, metric),
    ),
  ];
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let group = groups.shift(); group; group = groups.shift()) {
      const [metric, alerts] = group;
      // Of a metric of another version, nothing is known.
      if (metric) outcomes.push(...(await evaluateGroup(metrics, metric, alerts, now)));
    }
  };
  await Promise.all(Array.from({ length: QUERIES }, work));
  const [steady, others] = [outcomes.filter(isSteady), outcomes.filter((one) => !isSteady(one))];
  for (const batch of batchesOf(steady, STEADY_BATCH)) await touch(database.db, batch, now);
  for (const batch of batchesOf(others, BATCH)) {
    await database.transaction((tx) => writeOutcomes(tx, batch, now));
  }
}

async function evaluateGroup(
  metrics: MetricsStore,
  { expression }: Metric,
  alerts: readonly Watched[],
  now: number,
): Promise<Outcome[]> {
  const ids = [...new Set(alerts.map(({ resource_id }) => resource_id))];
  const resources = ids.length > NAMED ? 'all' : ids;
  const values = await metrics.query({ expression, teamId: null, resources, at: now });
  return alerts.map((alert) => ({
    alert,
    ...evaluate(stateOf(alert, now), alert, values.get(alert.resource_id) ?? null, now),
  }));
}

function* batchesOf<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}

/** Whether an alert is as before, but for its value and how often that has breached it: most are, in most rounds. */
function isSteady({ alert, state, happened }: Outcome): boolean {
  return (
    happened === null &&
    state.status === alert.status &&
    state.isMissed === alert.is_missed &&
    state.turningSince === (alert.turning_since?.getTime() ?? null) &&
    state.noDataSince === (alert.no_data_since?.getTime() ?? null)
  );
}

/** Writes values of alerts that are as before. */
async function touch(db: Queryable, outcomes: readonly Outcome[], now: number): Promise<void> {
  await sql`
    update metric_alerts a set last_value = coalesce(r.value, a.last_value), consecutive_breaches = r.breaches,
      last_evaluated_at = ${new Date(now)}
    from unnest(${outcomes.map(({ alert }) => alert.id)}::uuid[], ${outcomes.map(({ alert }) => alert.revision)}::integer[],
      ${outcomes.map(({ state }) => state.value)}::float8[], ${outcomes.map(({ state }) => state.breaches)}::integer[])
      r (id, revision, value, breaches)
    where a.id = r.id and a.revision = r.revision`.execute(db);
}

const readAlerts = async ({ db }: Database): Promise<Watched[]> =>
  (await db
    .selectFrom('metric_alerts')
    .select([
      'id',
      'team_id',
      'resource_type',
      'resource_id',
      'metric',
      'comparison',
      'threshold',
      'duration_minutes',
    ])
    .select(['status', 'revision', 'turning_since', 'consecutive_breaches', 'no_data_since', 'is_missed'])
    .select('last_evaluated_at')
    .where('status', '<>', 'disabled')
    .orderBy('id')
    .execute()) as Watched[];

function stateOf(alert: Watched, now: number): AlertState {
  const seen = alert.last_evaluated_at?.getTime() ?? 0;
  const isRecent = now - seen <= GAP;
  return {
    status: alert.status,
    turningSince: isRecent ? (alert.turning_since?.getTime() ?? null) : null,
    breaches: isRecent ? alert.consecutive_breaches : 0,
    noDataSince: alert.no_data_since?.getTime() ?? null,
    isMissed: alert.is_missed,
    value: null,
  };
}

/** An alert that was still as it was read, where something happened. */
interface Written {
  id: string;
  name: string | null;
  channels: string[];
  resource_name: string;
}

async function writeOutcomes(tx: Tx, outcomes: readonly Outcome[], now: number): Promise<void> {
  const written = new Map((await writeStates(tx, outcomes, now)).map((row) => [row.id, row]));
  const turned = (happening: Happening) =>
    outcomes.flatMap(({ alert, state, happened }) => {
      const more = happened === happening ? written.get(alert.id) : undefined;
      if (!more) return [];
      const payload = { ...toldOf({ ...alert, ...more }, state.value), because: 'value' as const };
      return [{ subject: subjectOf(alert), payload }];
    });
  await recordAll(tx, alertEvents.fired, turned('triggered'));
  await recordAll(tx, alertEvents.resolved, turned('resolved'));
}

/** Writes states, and what happened to the history. Returns those alerts to which something happened. */
async function writeStates(tx: Tx, outcomes: readonly Outcome[], now: number): Promise<Written[]> {
  const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  const rows = outcomes.map(({ alert, state, happened }) => ({
    id: alert.id,
    revision: alert.revision,
    before: alert.status,
    status: state.status,
    turning_since: time(state.turningSince),
    breaches: state.breaches,
    value: state.value,
    no_data_since: time(state.noDataSince),
    is_missed: state.isMissed,
    happened,
  }));
  const at = new Date(now);
  const { rows: written } = await sql<Written>`
    with written as (
      update metric_alerts a set status = r.status, turning_since = r.turning_since, consecutive_breaches = r.breaches,
        last_value = coalesce(r.value, a.last_value), no_data_since = r.no_data_since, is_missed = r.is_missed,
        last_evaluated_at = ${at}::timestamptz,
        trigger_count = a.trigger_count + case r.happened when 'triggered' then 1 else 0 end,
        triggered_at = case r.happened when 'triggered' then ${at}::timestamptz else a.triggered_at end,
        resolved_at = case r.happened when 'resolved' then ${at}::timestamptz else a.resolved_at end
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) r (id uuid, revision integer, before text, status text,
        turning_since timestamptz, breaches integer, value float8, no_data_since timestamptz, is_missed boolean, happened text)
      where a.id = r.id and a.revision = r.revision and a.status = r.before
      returning a.id, a.name, a.channels, a.resource_id, a.threshold, r.value, r.happened
    ), happened as (
      insert into metric_alert_history (alert_id, event_type, value, threshold, occurred_at)
      select id, happened, value, threshold, ${at}::timestamptz from written where happened is not null
    )
    select w.id, w.name, w.channels, i.name as resource_name
    from written w join instances i on i.id = w.resource_id where w.happened is not null`.execute(tx);
  return written;
}
