import { sql } from 'kysely';
import type { Queryable, Tx } from '../db/database.ts';
import { type Listing, type ListWanted, readPage } from '../http/listing.ts';
import { pageOf } from '../http/pagination.ts';
import { invalid, notFound } from '../lib/errors.ts';
import type { UpdatePlan } from './schema.ts';

/** Minutes after which an operation that has not ended is worth a look. */
const HANGING_MINUTES = 30;

const isHanging = sql<boolean>`(state in ('queued', 'pending', 'running')
  and coalesce(started_at, created_at) < now() - make_interval(mins => ${sql.lit(HANGING_MINUTES)}))`;
const hasFailed = sql<boolean>`(state = 'failed')`;

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

const OPERATIONS: Listing = {
  id: { column: 'id', form: 'uuid' },
  created: { value: sql.ref('seq'), form: 'number' },
  name: 'kind',
};

/** A page of the operations that have failed, or hang. */
export async function listTroubles(db: Queryable, { status, ...query }: ListWanted) {
  const wanted =
    status === 'failed'
      ? hasFailed
      : status === 'hanging'
        ? isHanging
        : sql<boolean>`(${hasFailed} or ${isHanging})`;
  const page = await readPage(db.selectFrom('operations').selectAll().where(wanted), OPERATIONS, query);
  const rows = page.rows.map((row) => ({
    id: row.id,
    team_id: row.team_id,
    resource_type: row.resource_type,
    resource_id: row.resource_id,
    kind: row.kind,
    state: row.state,
    step: row.step,
    error: (row.error as { message?: string } | null)?.message ?? null,
    created_at: row.created_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null,
    finished_at: row.finished_at?.toISOString() ?? null,
  }));
  return pageOf(rows, page, query);
}
