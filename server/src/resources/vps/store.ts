import { type Selectable, sql, type UpdateObject } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { DB, Vps as VpsTable } from '../../db/schema.gen.ts';

export type Vps = Selectable<VpsTable>;

/** Newest first. `limit` and `offset` count rows. */
export const listVps = (db: Queryable, teamId: number, limit: number, offset: number): Promise<Vps[]> =>
  listVpsQuery(db, teamId, limit, offset).execute();

/** The query behind it, for the benchmark that compares with the bare query. */
export const listVpsQuery = (db: Queryable, teamId: number, limit: number, offset: number) =>
  db
    .selectFrom('vps')
    .selectAll()
    .where('team_id', '=', teamId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(offset);

export async function findVps(db: Queryable, teamId: number, id: string): Promise<Vps | undefined> {
  return db
    .selectFrom('vps')
    .selectAll()
    .where('id', '=', id)
    .where('team_id', '=', teamId)
    .executeTakeFirst();
}

/** The same, and nobody else changes the row until the transaction ends. */
export async function lockVps(tx: Tx, teamId: number, id: string): Promise<Vps | undefined> {
  return tx
    .selectFrom('vps')
    .selectAll()
    .where('id', '=', id)
    .where('team_id', '=', teamId)
    .forUpdate()
    .executeTakeFirst();
}

/** For workflows, which know the id from their own record. Throws when the row is gone. */
export async function getVps(db: Queryable, id: string): Promise<Vps> {
  return db.selectFrom('vps').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

export async function updateVps(db: Queryable, id: string, changes: UpdateObject<DB, 'vps'>): Promise<void> {
  await db
    .updateTable('vps')
    .set({ ...changes, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute();
}

export async function deleteVps(tx: Tx, id: string): Promise<boolean> {
  const result = await tx.deleteFrom('vps').where('id', '=', id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** What a create request refers to, looked up in one round trip; null where there is no such thing. */
export interface CreateReferences {
  plan: {
    vcpu: number;
    memory_mb: number;
    disk_gb: number;
    price_cents: number;
    cpu_allocation_type: string;
  } | null;
  datacenter: string | null;
  ssh_key: { id: number; public_key: string } | null;
}

export async function findReferences(
  db: Queryable,
  teamId: number,
  wanted: { plan: string; datacenter: string; sshKeyId: number | null },
): Promise<CreateReferences> {
  const result = await sql<CreateReferences>`select
    (select to_jsonb(p) from plans p where kind = 'vps' and name = ${wanted.plan} and enabled) as plan,
    (select name from datacenters where name = ${wanted.datacenter} and enabled) as datacenter,
    (select jsonb_build_object('id', id, 'public_key', public_key) from ssh_keys
      where team_id = ${teamId} and id = ${wanted.sshKeyId}) as ssh_key`.execute(db);
  return result.rows[0]!;
}

export async function listPlans(db: Queryable) {
  return db
    .selectFrom('plans')
    .selectAll()
    .where('kind', '=', 'vps')
    .where('enabled', '=', true)
    .orderBy('position')
    .execute();
}

export async function listDatacenters(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectFrom('datacenters')
    .select('name')
    .where('enabled', '=', true)
    .orderBy('name')
    .execute();
  return rows.map((row) => row.name);
}
