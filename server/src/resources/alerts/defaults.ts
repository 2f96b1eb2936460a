import { sql } from 'kysely';
import type { Database, Tx } from '../../db/database.ts';
import { consumeEvents } from '../../events/consumer.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { CHANNELS } from './schema.ts';

/** The alerts that a new database has. */
const DEFAULTS = [
  { name: 'Disk nearly full', metric: 'disk_usage' },
  { name: 'Connections nearly used up', metric: 'db_connection_usage' },
] as const;
const THRESHOLD_PERCENT = 90;
const DURATION_MINUTES = 5;

/** Databases that get alerts in one transaction. */
const BATCH = 500;

/** Makes the alerts of databases that were created since the last time, if `wanted`. Each gets them once, also if they are deleted. */
export async function addDefaultAlerts(database: Database, wanted: boolean): Promise<void> {
  const more = () =>
    consumeEvents(database, 'alert_progress', BATCH, async (tx, events) => {
      const created = events.filter(({ type }) => type === 'database.created');
      if (wanted && created.length > 0)
        await insertDefaults(
          tx,
          created.map(({ resource_id }) => resource_id),
        );
    });
  while (await more());
}

async function insertDefaults(tx: Tx, ids: readonly string[]): Promise<void> {
  const databases = await tx
    .selectFrom('instances')
    .select(['id', 'team_id'])
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    // One that is deleted at the same time waits, and takes its alerts with it.
    .forKeyShare()
    .execute();
  const rows = databases.flatMap(({ id, team_id }) =>
    DEFAULTS.map(({ name, metric }) => ({
      id: uuidv7(),
      team_id,
      is_default: true,
      name,
      resource_type: 'database',
      resource_id: id,
      metric,
      comparison: 'gte',
      threshold: THRESHOLD_PERCENT,
      duration_minutes: DURATION_MINUTES,
      channels: [...CHANNELS],
    })),
  );
  if (rows.length > 0) await tx.insertInto('metric_alerts').values(rows).execute();
}
