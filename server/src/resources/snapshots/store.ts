import { type Insertable, type Selectable, sql, type UpdateObject } from 'kysely';
import type { SnapshotRef } from '../../dataplane/contract/refs.ts';
import type { Queryable, Tx } from '../../db/database.ts';
import type { DB, Snapshots } from '../../db/schema.gen.ts';
import { type Listed, type Listing, type ListWanted, readPage } from '../../http/listing.ts';
import { warnOfNamesake } from '../../http/warnings.ts';
import type { DrillRecord } from '../../instances/diagnosis.ts';
import { kindOf } from '../../instances/kinds.ts';
import type { Instance } from '../../instances/store.ts';
import type { Target } from '../../operations/accept.ts';
import { isUnfinished } from '../../operations/unfinished.ts';
import { isReadable, RESOURCE_TYPE } from './states.ts';

export type Snapshot = Selectable<Snapshots>;

/** The data plane's reference to a snapshot. */
export const snapshotRef = ({ team_id, uid }: Pick<Snapshot, 'team_id' | 'uid'>): SnapshotRef => ({
  teamId: team_id,
  name: `snapshot-${uid}`,
});

/** A snapshot as the target of operations. */
export const snapshotTarget = ({
  uid,
  team_id,
  status,
}: Pick<Snapshot, 'uid' | 'team_id' | 'status'>): Target => ({
  type: RESOURCE_TYPE,
  id: uid,
  teamId: team_id,
  status,
});

/** A snapshot with the name of its instance. */
export type ListedSnapshot = Snapshot & { instance_name: string };

const instanceName = sql<string>`(select name from instances where instances.id = instance_id)`.as(
  'instance_name',
);

const ofTeam = (db: Queryable, teamId: number, kind: string) =>
  db
    .selectFrom('snapshots')
    .where('team_id', '=', teamId)
    .where('kind', '=', kind)
    .selectAll()
    .select(instanceName);

/** The page of the team's snapshots of a kind that is asked for. */
export function listSnapshots(
  db: Queryable,
  teamId: number,
  kind: string,
  wanted: ListWanted,
): Promise<Listed<ListedSnapshot>> {
  return readPage(ofTeam(db, teamId, kind), listingOf(kind), wanted);
}

/** Warns of another snapshot of the instance with the same name. */
export const warnOfName = (db: Queryable, snapshot: Snapshot): Promise<string[]> =>
  warnOfNamesake(
    db.selectFrom('snapshots').where('instance_id', '=', snapshot.instance_id),
    listingOf(snapshot.kind),
    'snapshot of this instance',
    snapshot,
  );

const listingOf = (kind: string): Listing => ({
  id: { column: 'id', form: 'number' },
  created: { value: sql.ref('id'), form: 'number' },
  name: 'name',
  status: 'status',
  filters: { [`${kindOf(kind).snapshots.member}_id`]: { column: 'instance_id', form: 'uuid' } },
});

export const findSnapshot = (
  db: Queryable,
  teamId: number,
  kind: string,
  id: number,
): Promise<ListedSnapshot | undefined> => ofTeam(db, teamId, kind).where('id', '=', id).executeTakeFirst();

/** Locks a snapshot until the transaction ends. To lock its instance too, lock that one first. */
export const lockSnapshot = (tx: Tx, uid: string): Promise<Snapshot | undefined> =>
  tx.selectFrom('snapshots').selectAll().where('uid', '=', uid).forUpdate().executeTakeFirst();

/** For workflows, which have its uid from their own record. */
export const getSnapshot = (db: Queryable, uid: string): Promise<Snapshot | undefined> =>
  db.selectFrom('snapshots').selectAll().where('uid', '=', uid).executeTakeFirst();

export const snapshotsOf = (db: Queryable, instanceId: string): Promise<Snapshot[]> =>
  db
    .selectFrom('snapshots')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .orderBy('id', 'desc')
    .execute();

/** The snapshot to create an instance's present generation from where it is missing. */
export interface Origin {
  ref: SnapshotRef;
  /** Undefined where it has been deleted: then the data plane refuses, unless the instance was created before. */
  snapshot: Snapshot | undefined;
}

/** Undefined where the instance is created from its image. */
export async function originOf(
  db: Queryable,
  { team_id, made_from }: { team_id: number; made_from: string | null },
): Promise<Origin | undefined> {
  if (made_from === null) return undefined;
  return { ref: snapshotRef({ team_id, uid: made_from }), snapshot: await getSnapshot(db, made_from) };
}

/** The columns of a snapshot that describe the instance. */
export const describedBy = async (db: Queryable, { kind, id, plan, disk_gb }: Instance) => ({
  ...(await kindOf(kind).describe(db, id)),
  plan,
  disk_gb,
});

export type NewSnapshot = Pick<Insertable<Snapshots>, 'uid' | 'user_id' | 'name' | 'description' | 'reason'>;

/** Inserts the row of a snapshot about to be taken; does nothing where it exists. */
export async function insertSnapshot(
  db: Queryable,
  instance: Instance,
  snapshot: NewSnapshot,
): Promise<void> {
  await db
    .insertInto('snapshots')
    .values({
      ...snapshot,
      ...(await describedBy(db, instance)),
      kind: instance.kind,
      instance_id: instance.id,
      team_id: instance.team_id,
      status: 'creating',
    })
    .onConflict((conflict) => conflict.column('uid').doNothing())
    .execute();
}

export async function updateSnapshot(
  db: Queryable,
  uid: string,
  changes: UpdateObject<DB, 'snapshots'>,
): Promise<void> {
  await db
    .updateTable('snapshots')
    .set({ ...changes, updated_at: sql`now()` })
    .where('uid', '=', uid)
    .execute();
}

/** The columns that count what a drill takes, which is as much as the instance has. */
export const sizeOfDrill = ({ memory_mb, disk_gb }: Pick<Instance, 'memory_mb' | 'disk_gb'>) => ({
  drill_memory_mb: memory_mb,
  drill_disk_gb: disk_gb,
});

/** The same once there is none any more. */
export const NO_DRILL = { drill_memory_mb: null, drill_disk_gb: null };

export async function deleteSnapshot(db: Queryable, uid: string): Promise<void> {
  await db.deleteFrom('snapshots').where('uid', '=', uid).execute();
}

/** An unfinished operation that takes, reads or deletes a snapshot. */
export interface SnapshotUse {
  /** Id of the operation. */
  id: string;
  kind: string;
  /** The snapshot's uid. */
  uid: string;
}

/** The unfinished operations on these snapshots, and those of instances that use one. */
export async function usesOf(db: Queryable, uids: readonly string[]): Promise<SnapshotUse[]> {
  if (uids.length === 0) return [];
  const result = await sql<SnapshotUse>`
    select id, kind, coalesce(args ->> 'snapshot', resource_id::text) as uid from operations
    where ${isUnfinished()} and (resource_id = any(${uids}::uuid[])
      or (args ? 'snapshot' and args ->> 'snapshot' = any(${uids}::text[])))
    order by seq`.execute(db);
  return result.rows;
}

export async function drillsOf(db: Queryable, instanceId: string): Promise<DrillRecord> {
  const snapshots = await snapshotsOf(db, instanceId);
  const drilled = snapshots
    .filter(({ verified_at }) => verified_at !== null)
    .sort((a, b) => b.verified_at!.getTime() - a.verified_at!.getTime());
  const last = drilled[0];
  return {
    snapshots: snapshots.filter(({ status, reason }) => isReadable(status) && reason !== 'safety').length,
    last: last
      ? { ok: last.verified_ok === true, at: last.verified_at!, message: last.verify_message }
      : null,
  };
}
