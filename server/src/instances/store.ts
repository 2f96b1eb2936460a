import { type Insertable, type QueryCreator, type Selectable, sql, type UpdateObject } from 'kysely';
import type { Queryable, Tx } from '../db/database.ts';
import type { DB, Instances, Members } from '../db/schema.gen.ts';
import { uuidv7 } from '../lib/ids.ts';

/** The machine of an instance: its first member, which every instance has. */
export interface MemberColumns {
  member_id: string;
  ipv4: string | null;
  ipv6: string | null;
  generation: number;
  /** The uid of the snapshot to create the present generation from; null once that generation has run. */
  made_from: string | null;
  /** The volume with its data; null for an instance without volume. */
  volume_id: string | null;
}

/** An instance of any kind, with its first member. */
export type Instance = Selectable<Instances> & MemberColumns;

export type InstanceChanges = UpdateObject<DB, 'instances'>;
export type MemberChanges = UpdateObject<DB, 'members'>;

/** Selects instances of all kinds, with the columns of their first member. */
export const selectInstances = (db: Queryable) =>
  db
    .selectFrom('instances')
    .innerJoin('members', (join) =>
      join.onRef('members.instance_id', '=', 'instances.id').on('members.position', '=', 0),
    )
    .selectAll('instances')
    .select([
      'members.id as member_id',
      'members.ipv4',
      'members.ipv6',
      'members.generation',
      'members.made_from',
    ])
    .select((row) =>
      row
        .selectFrom('volumes')
        .whereRef('volumes.member_id', '=', 'members.id')
        .select('volumes.id')
        .as('volume_id'),
    );

/** For workflows, which have the id from their own record. Throws when the row is gone. */
export const getInstance = (db: Queryable, id: string): Promise<Instance> =>
  selectInstances(db).where('instances.id', '=', id).executeTakeFirstOrThrow();

/**
 * Reads and locks the instance: until the transaction ends, no other can change it or accept an operation for it. With
 * `owner`, it must be of that kind and team. Undefined where there is none.
 */
export async function lockInstance(
  tx: Tx,
  id: string,
  owner?: { kind: string; teamId: number },
): Promise<Instance | undefined> {
  const query = selectInstances(tx).where('instances.id', '=', id);
  const owned = owner
    ? query.where('instances.kind', '=', owner.kind).where('instances.team_id', '=', owner.teamId)
    : query;
  // Locks both rows, so that what is read after waiting is what the other transaction left.
  return owned.forUpdate().executeTakeFirst();
}

/** The team's instances by id, at most a thousand, which is the size of its network. */
export const listTeamInstances = (db: Queryable, teamId: number): Promise<Instance[]> =>
  selectInstances(db).where('instances.team_id', '=', teamId).orderBy('instances.id').execute();

export type NewInstance = Omit<Insertable<Instances>, 'status' | 'desired'> &
  Partial<Pick<Insertable<Members>, 'ipv4' | 'ipv6' | 'made_from'>>;

/**
 * Inserts an instance that is about to be created, its first member and, with `hasVolume`, the member's volume. Returns
 * it as it would be selected.
 */
export async function insertInstance(
  tx: Tx,
  columns: NewInstance,
  { hasVolume = false } = {},
): Promise<Instance> {
  const { ipv4 = null, ipv6 = null, made_from = null, ...instance } = columns;
  const inserted = await tx
    .with('instance', (db) =>
      db
        .insertInto('instances')
        .values({ ...instance, status: 'pending', desired: 'running' })
        .returningAll(),
    )
    .with('member', (db) =>
      db
        .insertInto('members')
        .values({ id: instance.id, instance_id: instance.id, ipv4, ipv6, made_from })
        .returning(['id as member_id', 'ipv4', 'ipv6', 'generation', 'made_from']),
    )
    .selectFrom(['instance', 'member'])
    .selectAll()
    .executeTakeFirstOrThrow();
  if (!hasVolume) return { ...inserted, volume_id: null };
  const volume_id = uuidv7();
  await tx
    .insertInto('volumes')
    .values({ id: volume_id, team_id: instance.team_id, member_id: instance.id })
    .execute();
  return { ...inserted, volume_id };
}

export async function updateInstance(
  db: QueryCreator<DB>,
  id: string,
  changes: InstanceChanges,
): Promise<void> {
  await db
    .updateTable('instances')
    .set({ ...changes, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute();
}

/** Updates the first member of an instance. */
export async function updateMember(db: Queryable, instanceId: string, changes: MemberChanges): Promise<void> {
  await db
    .updateTable('members')
    .set(changes)
    .where('instance_id', '=', instanceId)
    .where('position', '=', 0)
    .execute();
}

/** Deletes the instance with its members, addresses, attachments and the row of its kind. False where it was gone. */
export async function deleteInstance(tx: Tx, id: string): Promise<boolean> {
  const result = await tx.deleteFrom('instances').where('id', '=', id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}
