import { sql } from 'kysely';
import type { Queryable, Tx } from '../db/database.ts';
import { invalid, notFound } from '../lib/errors.ts';
import { hasFailed, isHanging } from './operations.ts';
import type { UpdatePlan } from './schema.ts';

const plans = (db: Queryable) =>
  db
    .selectFrom('plans')
    .select(['kind', 'name', 'vcpu', 'memory_mb', 'disk_gb', 'price_cents', 'enabled'])
    .orderBy('kind')
    .orderBy('position');

/** All plans, offered or not. */
export const listAllPlans = (db: Queryable) => plans(db).execute();

/** Changes a plan. Instances that there are keep their price. Throws `not_found`, and `validation_failed` where nothing changes. */
export async function updatePlan(tx: Tx, { kind, name, ...changes }: UpdatePlan) {
  if (Object.keys(changes).length === 0)
    throw invalid({ price_cents: ['Send price_cents, enabled, or both.'] });
  const plan = await tx
    .updateTable('plans')
    .set(changes)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .returning(['kind', 'name', 'vcpu', 'memory_mb', 'disk_gb', 'price_cents', 'enabled'])
    .executeTakeFirst();
  if (!plan) throw notFound('Plan');
  return plan;
}

/** What the install has, does and has trouble with. */
export async function readStatus(db: Queryable) {
  const [
    {
      id: _only,
      observed_at,
      disk_gb: _disk,
      storage_quota_gb: _quota,
      pool_reserve_mb: _reserve,
      ...capacity
    },
    counts,
    workers,
    reconcilers,
  ] = await Promise.all([
    db.selectFrom('capacity').selectAll().executeTakeFirstOrThrow(),
    countOperations(db),
    db.selectFrom('workers').selectAll().orderBy('id').execute(),
    db.selectFrom('reconcilers').selectAll().orderBy('name').execute(),
  ]);
  return {
    capacity: { ...capacity, observed_at: observed_at?.toISOString() ?? null },
    operations: counts,
    workers: workers.map(({ id, heartbeat_at }) => ({ id, heartbeat_at: heartbeat_at.toISOString() })),
    reconcilers: reconcilers.map(({ name, finished_at }) => ({
      name,
      finished_at: finished_at.toISOString(),
    })),
  };
}

async function countOperations(db: Queryable) {
  const { rows } = await sql<{ queued: number; running: number; hanging: number; failed_24h: number }>`
    select count(*) filter (where state in ('queued', 'pending')) as queued,
      count(*) filter (where state = 'running') as running,
      count(*) filter (where ${isHanging}) as hanging,
      count(*) filter (where ${hasFailed} and finished_at > now() - interval '1 day') as failed_24h
    from operations where state <> 'succeeded'`.execute(db);
  return rows[0]!;
}
