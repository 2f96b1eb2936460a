import { type Selectable, sql } from 'kysely';
import { deleteInBatches } from '../../db/batches.ts';
import type { Queryable, Tx } from '../../db/database.ts';
import type { MetricAlerts } from '../../db/schema.gen.ts';
import { record, recordAll } from '../../events/store.ts';
import { type Listed, type Listing, type ListWanted, readPage } from '../../http/listing.ts';
import { UUID } from '../../lib/ids.ts';
import { metricOf } from '../../metrics/catalogue.ts';
import { COMPARISONS, type Comparison } from './conditions.ts';
import { alertEvents } from './events.ts';

export type Alert = Selectable<MetricAlerts>;
/** An alert with the name of its instance. */
export type NamedAlert = Alert & { resource_name: string };

const LISTING: Listing = {
  id: { column: 'metric_alerts.id', form: 'uuid' },
  created: { value: sql.ref('metric_alerts.created_at'), form: 'time' },
  name: 'metric_alerts.sort_name',
  status: 'metric_alerts.status',
  filters: {
    resource_type: { column: 'metric_alerts.resource_type', form: 'text' },
    resource_id: { column: 'metric_alerts.resource_id', form: 'uuid' },
  },
};

const named = (db: Queryable) =>
  db
    .selectFrom('metric_alerts')
    .innerJoin('instances', 'instances.id', 'metric_alerts.resource_id')
    .selectAll('metric_alerts')
    .select('instances.name as resource_name');

/** A page of the team's alerts on instances of these kinds. */
export const listAlerts = (
  db: Queryable,
  teamId: number,
  kinds: readonly string[],
  wanted: ListWanted,
): Promise<Listed<NamedAlert>> =>
  readPage(
    named(db)
      .where('metric_alerts.team_id', '=', teamId)
      .where(sql<boolean>`metric_alerts.resource_type = any(${kinds}::text[])`),
    LISTING,
    wanted,
  );

/** An alert of a team; undefined where it has none of that id. */
export const findAlert = async (
  db: Queryable,
  teamId: number,
  id: string,
): Promise<NamedAlert | undefined> =>
  UUID.test(id)
    ? await named(db)
        .where('metric_alerts.id', '=', id)
        .where('metric_alerts.team_id', '=', teamId)
        .executeTakeFirst()
    : undefined;

/** The same, locked until the transaction ends. */
export const lockAlert = async (tx: Tx, teamId: number, id: string): Promise<NamedAlert | undefined> =>
  UUID.test(id)
    ? await named(tx)
        .where('metric_alerts.id', '=', id)
        .where('metric_alerts.team_id', '=', teamId)
        .forNoKeyUpdate('metric_alerts')
        .executeTakeFirst()
    : undefined;

/** Writes that an alert that has fired is over, though not by its values. */
export const recordEnd = (tx: Tx, alert: NamedAlert, because: 'changed' | 'disabled' | 'deleted') =>
  record(tx, alertEvents.resolved, subjectOf(alert), { ...toldOf(alert, null), because });

/** Writes that alerts which fire on an instance are over. They are deleted with its row. */
export async function endAlertsOf(tx: Tx, instanceId: string): Promise<void> {
  const alerts = await named(tx)
    .where('metric_alerts.resource_id', '=', instanceId)
    .orderBy('metric_alerts.id')
    // None of them fires from here on.
    .forNoKeyUpdate('metric_alerts')
    .execute();
  const firing = alerts.filter(({ status }) => status === 'triggered');
  await recordAll(
    tx,
    alertEvents.resolved,
    firing.map((alert) => ({
      subject: subjectOf(alert),
      payload: { ...toldOf(alert, null), because: 'resource_deleted' as const },
    })),
  );
}

/** Writes what was done to an alert. */
export const recordDone = (
  tx: Tx,
  alert: NamedAlert,
  what: 'created' | 'updated' | 'enabled' | 'disabled' | 'deleted',
) => record(tx, alertEvents[what], subjectOf(alert), toldOf(alert, null));

export const subjectOf = ({ team_id, id }: Pick<Alert, 'team_id' | 'id'>) => ({
  teamId: team_id,
  resourceType: 'alert',
  resourceId: id,
});

/** What an event tells of an alert. */
export const toldOf = (
  alert: Pick<
    NamedAlert,
    | 'name'
    | 'resource_type'
    | 'resource_id'
    | 'resource_name'
    | 'metric'
    | 'comparison'
    | 'threshold'
    | 'channels'
  >,
  value: number | null,
) => ({
  name: alert.name,
  resource_type: alert.resource_type,
  resource_id: alert.resource_id,
  resource_name: alert.resource_name,
  metric: alert.metric,
  comparison: COMPARISONS[alert.comparison as Comparison],
  threshold: alert.threshold,
  unit: metricOf(alert.resource_type, alert.metric)?.unit ?? '',
  value,
  channels: alert.channels,
});

/** Writes what was done to an alert. */
export const writeHistory = (
  tx: Tx,
  { id, threshold }: Alert,
  event_type: 'enabled' | 'disabled' | 'changed',
) => tx.insertInto('metric_alert_history').values({ alert_id: id, event_type, threshold }).execute();

/** Deletes what happened to alerts so many days ago. */
export async function purgeAlertHistory(db: Queryable, days: number): Promise<void> {
  await deleteInBatches(
    db,
    (limit) => sql`
      delete from metric_alert_history where id in (select id from metric_alert_history
        where occurred_at < now() - make_interval(days => ${days}) limit ${limit})`,
  );
}
