import { type Insertable, type Selectable, sql, type UpdateObject } from 'kysely';
import type { Queryable, Tx } from '../db/database.ts';
import type { DB, Instances, Members } from '../db/schema.gen.ts';
import { uuidv7 } from '../lib/ids.ts';

/** The machine that an instance runs on: its first member, which every instance has. */
export interface MemberColumns {
  member_id: string;
  ipv4: string | null;
  ipv6: string | null;
  generation: number;
  /** The snapshot (uid) that the present generation is to be made from, until it has run. */
  made_from: string | null;
  /** Where it keeps its data apart from its root disk; null for an instance that has no volume. */
  volume_id: string | null;
}

/** An instance of whichever kind, with its first member. */
export type Instance = Selectable<Instances> & MemberColumns;

export type InstanceChanges = UpdateObject<DB, 'instances'>;
export type MemberChanges = UpdateObject<DB, 'members'>;

/** All instances, each in a row with the columns of its first member. */
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

/** For workflows, which know the id from their own record. Throws when the row is gone. */
export const getInstance = (db: Queryable, id: string): Promise<Instance> =>
  selectInstances(db).where('instances.id', '=', id).executeTakeFirstOrThrow();

/**
 * The instance, and nobody else changes it, or accepts an operation for it, until the transaction ends. With `owner`,
 * it must be of that kind and team. Undefined where there is none.
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
  // Both rows: what is read after waiting for another transaction is what that one has left.
  return owned.forUpdate().executeTakeFirst();
}

/** The instances of a team in the order of their ids; a thousand at most, the size of its network. */
export const listTeamInstances = (db: Queryable, teamId: number): Promise<Instance[]> =>
  selectInstances(db).where('instances.team_id', '=', teamId).orderBy('instances.id').execute();

export type NewInstance = Omit<Insertable<Instances>, 'status' | 'desired'> &
  Partial<Pick<Insertable<Members>, 'ipv4' | 'ipv6' | 'made_from'>>;

/** Adds an instance that is about to be created, its first member, and where it `hasVolume`, that one's volume. */
export async function insertInstance(
  tx: Tx,
  columns: NewInstance,
  { hasVolume = false } = {},
): Promise<void> {
  const { ipv4 = null, ipv6 = null, made_from = null, ...instance } = columns;
  await tx
    .with('added', (db) =>
      db.insertInto('instances').values({ ...instance, status: 'pending', desired: 'running' }),
    )
    .insertInto('members')
    .values({ id: instance.id, instance_id: instance.id, ipv4, ipv6, made_from })
    .execute();
  if (!hasVolume) return;
  await tx
    .insertInto('volumes')
    .values({ id: uuidv7(), team_id: instance.team_id, member_id: instance.id })
    .execute();
}

export async function updateInstance(db: Queryable, id: string, changes: InstanceChanges): Promise<void> {
  await db
    .updateTable('instances')
    .set({ ...changes, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute();
}

/** Changes the first member of an instance. */
export async function updateMember(db: Queryable, instanceId: string, changes: MemberChanges): Promise<void> {
  await db
    .updateTable('members')
    .set(changes)
    .where('instance_id', '=', instanceId)
    .where('position', '=', 0)
    .execute();
}

/** Deletes the instance with all that is its own: members, their addresses, attachments, the columns of its kind. */
export async function deleteInstance(tx: Tx, id: string): Promise<boolean> {
  const result = await tx.deleteFrom('instances').where('id', '=', id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}
