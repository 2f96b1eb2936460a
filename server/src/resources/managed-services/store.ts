import { type Selectable, sql, type UpdateObject } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { DataServices, DB } from '../../db/schema.gen.ts';
import type { Kind } from './kinds.ts';

export type DataService = Selectable<DataServices>;
export type Changes = UpdateObject<DB, 'data_services'>;

/** Newest first. `limit` and `offset` count rows. */
export const listServices = (
  db: Queryable,
  teamId: number,
  kind: Kind,
  limit: number,
  offset: number,
): Promise<DataService[]> =>
  db
    .selectFrom('data_services')
    .selectAll()
    .where('team_id', '=', teamId)
    .where('kind', '=', kind)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute();

const byId = (db: Queryable, teamId: number, kind: Kind, id: string) =>
  db
    .selectFrom('data_services')
    .selectAll()
    .where('id', '=', id)
    .where('team_id', '=', teamId)
    .where('kind', '=', kind);

export const findService = (
  db: Queryable,
  teamId: number,
  kind: Kind,
  id: string,
): Promise<DataService | undefined> => byId(db, teamId, kind, id).executeTakeFirst();

/** The same, and nobody else changes the row until the transaction ends. */
export const lockService = (
  tx: Tx,
  teamId: number,
  kind: Kind,
  id: string,
): Promise<DataService | undefined> => byId(tx, teamId, kind, id).forUpdate().executeTakeFirst();

/** All that use a parameter group, locked in the order of their ids, so that two who lock them never wait for each other. */
export const lockServicesOfGroup = (tx: Tx, groupId: number): Promise<DataService[]> =>
  tx
    .selectFrom('data_services')
    .selectAll()
    .where('parameter_group_id', '=', groupId)
    .orderBy('id')
    .forUpdate()
    .execute();

/** For workflows, which know the id from their own record. Throws when the row is gone. */
export const getService = (db: Queryable, id: string): Promise<DataService> =>
  db.selectFrom('data_services').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

export async function updateService(db: Queryable, id: string, changes: Changes): Promise<void> {
  await db
    .updateTable('data_services')
    .set({ ...changes, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute();
}

export async function deleteService(tx: Tx, id: string): Promise<boolean> {
  const result = await tx.deleteFrom('data_services').where('id', '=', id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Whether an operation of the instance is at work or waits. */
export async function hasOperation(db: Queryable, id: string): Promise<boolean> {
  const found = await db
    .selectFrom('operations')
    .select('id')
    .where('resource_id', '=', id)
    .where('state', 'in', ['queued', 'pending', 'running'])
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** The plans of a kind, in the order of the price list. */
export const listPlans = (db: Queryable, kind: Kind) =>
  db
    .selectFrom('plans')
    .selectAll()
    .where('kind', '=', kind)
    .where('enabled', '=', true)
    .orderBy('position')
    .execute();

/** The install's own range of public ports: below those that the kernel gives to outgoing connections. */
const PUBLIC_PORTS = { first: 20_000, last: 29_999 };

/** The lowest public port that is free, or null; nobody else takes one until the transaction ends. */
export async function takePublicPort(tx: Tx): Promise<number | null> {
  await sql`select pg_advisory_xact_lock(hashtext('danube.public-ports'))`.execute(tx);
  const result = await sql<{ port: number }>`
    select candidate as port from generate_series(${PUBLIC_PORTS.first}::int, ${PUBLIC_PORTS.last}::int) candidate
    where not exists (select from data_services where public_port = candidate)
    order by candidate limit 1`.execute(tx);
  return result.rows[0]?.port ?? null;
}
