import { sql } from 'kysely';
import type { Database } from '../../db/database.ts';
import { assertPoolHasRoom } from '../../instances/capacity.ts';
import type { StorageGuard } from '../../instances/storage-guard.ts';
import { AppError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { isUnfinished } from '../../operations/unfinished.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { forEachRow, SetAside } from '../../reconcilers/rows.ts';
import { acceptAutomatic, acceptDrill } from './acceptance.ts';
import { RESOURCE_TYPE } from './states.ts';
import type { Snapshot } from './store.ts';

/** Most daily snapshots in progress, over all teams: after a day without Danube, all instances are due. */
const AT_ONCE = 4;
/** Hours after which a failed daily snapshot is retried. */
const RETRY_HOURS = 1;

/** Days between two restore drills of an instance, after one that passed and after one that failed. */
const DRILL_DAYS = { passed: 7, failed: 1 };
/** Minimum age of a snapshot for a drill, in hours: a new one may be about to be used or deleted. */
const DRILL_AGE_HOURS = 1;

/**
 * Takes one snapshot a day of every instance with daily snapshots and no unfinished operation, at a time of day that is
 * derived from its id. A missed one is taken later.
 */
export function automaticSnapshots(database: Database, storage: StorageGuard, log: Log): Reconciler {
  const aside = new SetAside();
  return {
    name: 'automatic-snapshots',
    everySeconds: 10,
    async run() {
      const free = AT_ONCE - (await automaticUnderWay(database));
      if (free <= 0 || !(await hasRoom(database, storage))) return;
      const name = `Daily ${new Date().toISOString().slice(0, 10)}`;
      await forEachRow(
        await findDue(database, free, aside),
        ({ id }) => id,
        async ({ kind, id }) => {
          const taken = await database.transaction((tx) => acceptAutomatic(tx, id, name));
          if (taken) log.info({ [kind]: id }, 'taking the daily snapshot');
        },
        aside,
      );
    },
  };
}

/** Whether anything new is to be stored now. */
async function hasRoom({ db }: Database, storage: StorageGuard): Promise<boolean> {
  try {
    await assertPoolHasRoom(db, storage);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

async function automaticUnderWay({ db }: Database): Promise<number> {
  const row = await db
    .selectFrom('operations')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(isUnfinished())
    .where('kind', '=', 'snapshot')
    .where(sql<boolean>`args ->> 'reason' = 'automatic'`)
    .executeTakeFirstOrThrow();
  return row.count;
}

interface Due {
  kind: string;
  id: string;
}

/** Instances whose daily snapshot is due, those that have been waiting longest first. */
async function findDue({ db }: Database, limit: number, aside: SetAside): Promise<Due[]> {
  const result = await sql<Due>`
    with timed as (
      select kind, id, automated_snapshot_at as last, date_bin('1 day', now(), timestamptz '2000-01-01 00:00:00Z'
        + make_interval(secs => abs(hashtext(id::text)::bigint) % 86400)) as slot
      from instances where automated_snapshots_enabled and status in ('running', 'stopped') and desired = status)
    select kind, id from timed
    where (coalesce(last < slot, true)
        or (last < now() - make_interval(hours => ${RETRY_HOURS}) and 'failed' = (
          select status from snapshots s where s.instance_id = timed.id and s.reason = 'automatic'
          order by s.id desc limit 1)))
      and not exists (select from operations o
        where o.resource_id = timed.id and ${isUnfinished('o')})
      and id <> all(${aside.ids()}::uuid[])
    order by last nulls last, slot limit ${limit}`.execute(db);
  return result.rows;
}

/**
 * Restores the newest snapshot of every instance once a week, as a drill. Only one scheduled drill runs at a time in
 * the whole install, because a drill takes the memory of an instance.
 */
export function restoreDrills(database: Database, storage: StorageGuard, log: Log): Reconciler {
  const aside = new SetAside();
  return {
    name: 'restore-drills',
    everySeconds: 60,
    async run() {
      if (await drillUnderWay(database)) return;
      const next = await findUndrilled(database, aside);
      if (!next) return;
      // Whatever becomes of it, the next pass looks at another one.
      aside.add(next.instance_id);
      try {
        const operation = await database.transaction((tx) => acceptDrill(tx, storage, next));
        if (operation) log.info({ snapshot: next.uid, operation: operation.id }, 'restore drill');
      } catch (error) {
        // It waits until there is room for its instance.
        if (!(error instanceof AppError) || error.status !== 503) throw error;
        log.info({ snapshot: next.uid, reason: error.message }, 'no room for a restore drill');
      }
    },
  };
}

async function drillUnderWay({ db }: Database): Promise<boolean> {
  const found = await db
    .selectFrom('operations')
    .select('id')
    .where(isUnfinished())
    .where('resource_type', '=', RESOURCE_TYPE)
    .where('kind', '=', 'verify')
    // Drills requested by users have a limit of their own, and do not delay scheduled ones.
    .where('user_id', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

type Undrilled = Pick<Snapshot, 'uid' | 'instance_id'>;

/**
 * The newest snapshot of the instance whose drill has been overdue longest. Excludes safety snapshots, since their
 * state was abandoned for a reason.
 */
async function findUndrilled({ db }: Database, aside: SetAside): Promise<Undrilled | undefined> {
  const result = await sql<Undrilled>`
    with newest as (
      select distinct on (instance_id) id, uid, instance_id from snapshots
      where status = 'ready' and reason <> 'safety'
        and created_at < now() - make_interval(hours => ${DRILL_AGE_HOURS})
      order by instance_id, id desc),
    drilled as (
      select distinct on (instance_id) instance_id, verified_at as last, verified_ok from snapshots
      where verified_at is not null order by instance_id, verified_at desc)
    select uid, newest.instance_id from newest left join drilled using (instance_id)
    where coalesce(last < now() - make_interval(
        days => case when verified_ok then ${DRILL_DAYS.passed}::integer else ${DRILL_DAYS.failed}::integer end), true)
      and exists (select from instances i where i.id = newest.instance_id and i.desired <> 'deleted')
      and newest.instance_id <> all(${aside.ids()}::uuid[])
    order by last nulls first, id limit 1`.execute(db);
  return result.rows[0];
}
