import { sql } from 'kysely';
import type { SnapshotRef } from '../../dataplane/contract/refs.ts';
import type { Snapshots } from '../../dataplane/contract/snapshots.ts';
import type { Database } from '../../db/database.ts';
import { record } from '../../events/store.ts';
import type { Log } from '../../lib/log.ts';
import { isUnfinished } from '../../operations/unfinished.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { forEachRow, inTurn, SetAside } from '../../reconcilers/rows.ts';
import { snapshotEvents } from './events.ts';
import { retire } from './retirement.ts';
import { isReadable, RESOURCE_TYPE } from './states.ts';
import { lockSnapshot, snapshotRef, updateSnapshot, usesOf } from './store.ts';

/** Number of daily snapshots that are kept of an instance. */
const RETENTION = 7;
/** When more snapshots than this, and more than half of all, are missing at once, the data plane is at fault. */
const MASS_LOSS = 5;
/** Most snapshots that one pass retires. */
const RETIRED_AT_ONCE = 20;

/**
 * Compares rows with the data plane's snapshots: corrects the status of rows without an unfinished operation, and
 * removes snapshots without a row, and those that Danube took itself and no longer needs.
 */
export function snapshotReconciler(database: Database, plane: Snapshots, log: Log): Reconciler {
  const aside = new SetAside();
  return {
    name: 'snapshots',
    everySeconds: 60,
    async run() {
      await inTurn(() => retireOld(database, aside, log), compare);
    },
  };

  async function compare(): Promise<void> {
    // Rows first: a snapshot listed after its row was read may be newer than the row, but is not missing.
    const idle = await idleRows(database);
    const listed = (await plane.listSnapshots()).filter(({ name }) => NAME.test(name));
    await inTurn(
      () => repairRows(database, idle, listed, log),
      () => removeLeaks(database, plane, listed, log),
    );
  }
}

/** Names in the data plane that may be ours. */
const NAME = /^snapshot-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const uidOf = ({ name }: SnapshotRef): string => name.slice('snapshot-'.length);

/**
 * Retires daily snapshots beyond the newest seven, failed ones before the newest, and safety snapshots of all restores
 * but the last. That leaves two after a restore to a safety snapshot.
 */
async function retireOld(database: Database, aside: SetAside, log: Log): Promise<void> {
  const result = await sql<{ uid: string }>`
    select uid from (
      select uid, reason, status,
        row_number() over (partition by instance_id, reason, status = 'failed' order by id desc) as place,
        max(id) over (partition by instance_id, reason) as newest, id
      from snapshots where reason <> 'manual' and status not in ('creating', 'destroying')) ranked
    where uid <> all(${aside.ids()}::uuid[]) and case
      when status = 'failed' then id < newest
      when reason = 'automatic' then place > ${RETENTION}
      else place > 2 end
    limit ${RETIRED_AT_ONCE}`.execute(database.db);
  await forEachRow(
    result.rows,
    ({ uid }) => uid,
    async ({ uid }) => {
      if (await database.transaction((tx) => retire(tx, uid)))
        log.info({ snapshot: uid }, 'retiring a snapshot');
    },
    aside,
  );
}

interface IdleRow {
  uid: string;
  team_id: number;
  status: string;
}

/** Every snapshot that an unfinished operation acts on, names in its arguments, or takes under its own id. */
const BUSY = sql`(select unnest(array[id::text, resource_id::text, args ->> 'snapshot']) as uid from operations
  where ${isUnfinished()})`;

async function idleRows({ db }: Database): Promise<IdleRow[]> {
  const result = await sql<IdleRow>`select uid, team_id, status from snapshots
    where status <> 'failed' and not exists (select from ${BUSY} busy where busy.uid = snapshots.uid::text)`.execute(
    db,
  );
  return result.rows;
}

/** Corrects the status of rows without an unfinished operation. Cannot be wrong unless a transaction is. */
async function repairRows(
  database: Database,
  rows: readonly IdleRow[],
  listed: readonly SnapshotRef[],
  log: Log,
): Promise<void> {
  const present = new Set(listed.map(({ name }) => name));
  const isThere = (row: IdleRow) => present.has(snapshotRef(row).name);
  const missing = rows.filter((row) => isReadable(row.status) && !isThere(row)).length;
  if (missing > MASS_LOSS && missing > rows.length / 2) {
    throw new Error(
      `The data plane has lost ${missing} of ${rows.length} snapshots: it looks like another one.`,
    );
  }
  await forEachRow(
    rows,
    ({ uid }) => uid,
    async (row) => {
      const repaired = repairOf(row, isThere(row));
      if (repaired && (await repair(database, row, repaired))) {
        log.warn({ snapshot: row.uid, was: row.status, is: repaired.status }, 'snapshot mended');
      }
    },
  );
}

interface Repair {
  status: 'ready' | 'failed';
  message: string;
}

function repairOf({ status }: IdleRow, isThere: boolean): Repair | null {
  if (status === 'destroying')
    return { status: 'failed', message: 'The deletion was interrupted. Delete it again.' };
  if (status === 'creating')
    return { status: 'failed', message: 'The snapshot was interrupted. Take another one.' };
  if (!isThere) return { status: 'failed', message: 'The snapshot is gone from the host.' };
  if (status === 'restoring')
    return { status: 'ready', message: 'The snapshot is not being restored any more.' };
  return null;
}

async function repair(database: Database, { uid, status }: IdleRow, repaired: Repair): Promise<boolean> {
  return database.transaction(async (tx) => {
    const row = await lockSnapshot(tx, uid);
    // A request may have come between listing and repairing; then its workflow decides.
    if (row?.status !== status || (await usesOf(tx, [uid])).length > 0) return false;
    const { message } = repaired;
    const error = { code: 'interrupted', message, retryable: false };
    await updateSnapshot(tx, uid, {
      status: repaired.status,
      error: repaired.status === 'failed' ? JSON.stringify(error) : null,
    });
    const subject = { teamId: row.team_id, resourceType: RESOURCE_TYPE, resourceId: uid };
    await record(tx, snapshotEvents.mended, subject, { status: repaired.status, what: message });
    return true;
  });
}

/**
 * Removes snapshots whose row was deleted or never committed. One that the database has never known is left alone and
 * reported: after a restore of an old database backup it may hold a customer's data.
 */
async function removeLeaks(
  { db }: Database,
  plane: Snapshots,
  listed: readonly SnapshotRef[],
  log: Log,
): Promise<void> {
  if (listed.length === 0) return;
  const result = await sql<{ uid: string; known: boolean }>`
    select leaked.uid::text, exists (select from operations o where o.resource_id = leaked.uid or o.id = leaked.uid
      or (o.args ? 'snapshot' and o.args ->> 'snapshot' = leaked.uid::text)) as known
    from unnest(${listed.map(uidOf)}::uuid[]) as leaked (uid)
    where not exists (select from snapshots s where s.uid = leaked.uid)
      and not exists (select from ${BUSY} busy where busy.uid = leaked.uid::text)`.execute(db);
  const known = new Map(result.rows.map((row) => [row.uid, row.known]));
  await forEachRow(listed, uidOf, async (ref) => {
    const removed = known.get(uidOf(ref));
    if (removed === undefined) return;
    log.warn({ snapshot: ref, removed }, removed ? 'removing a leaked snapshot' : 'unknown snapshot');
    if (removed) await plane.removeSnapshot(ref);
  });
}
