import { type Selectable, sql, type UpdateObject } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { DB, Vps as VpsTable } from '../../db/schema.gen.ts';
import { type Listed, pageQuery, readPage } from '../../http/listing.ts';
import { warnOfNamesake } from '../../http/warnings.ts';
import { countOf } from '../../identity/teams/quotas.ts';
import { INSTANCES, type InstanceQuery } from '../../instances/listing.ts';
import { type Instance, selectInstances } from '../../instances/store.ts';

/** A server: the columns of every instance, and those of servers. */
export type Vps = Instance & Selectable<VpsTable>;

/** The columns that the plan determines. */
export type PlanColumns = Pick<
  Vps,
  'plan' | 'cpu_allocation_type' | 'vcpu' | 'memory_mb' | 'disk_gb' | 'price_cents'
>;

const select = (db: Queryable) =>
  selectInstances(db).innerJoin('vps', 'vps.id', 'instances.id').selectAll('vps');

const selectTeam = (db: Queryable, teamId: number) =>
  select(db).where('instances.team_id', '=', teamId).where('instances.kind', '=', 'vps');

/** The page of the team's servers that is asked for. */
export const listVps = (db: Queryable, teamId: number, wanted: InstanceQuery): Promise<Listed<Vps>> =>
  readPage(selectTeam(db, teamId), INSTANCES, wanted, () => countOf(db, teamId, 'vps'));

/** Its query, for the benchmark against the bare query. */
export const listVpsQuery = (db: Queryable, teamId: number, wanted: InstanceQuery) =>
  pageQuery(selectTeam(db, teamId), INSTANCES, wanted);

/** Warns of another server of the team with the same name. */
export const warnOfName = (db: Queryable, vps: Vps): Promise<string[]> =>
  warnOfNamesake(selectTeam(db, vps.team_id), INSTANCES, 'server', vps);

export const findVps = (db: Queryable, teamId: number, id: string): Promise<Vps | undefined> =>
  findVpsQuery(db, teamId, id).executeTakeFirst();

/** Its query, for the benchmark against the bare query. */
export const findVpsQuery = (db: Queryable, teamId: number, id: string) =>
  select(db).where('instances.id', '=', id).where('instances.team_id', '=', teamId);

/** The same, and locks its rows until the transaction ends. */
export const lockVps = (tx: Tx, teamId: number, id: string): Promise<Vps | undefined> =>
  findVpsQuery(tx, teamId, id).forUpdate().executeTakeFirst();

/** For workflows, which have the id from their own record. Throws when the row is gone. */
export const getVps = (db: Queryable, id: string): Promise<Vps> =>
  select(db).where('instances.id', '=', id).executeTakeFirstOrThrow();

/** Updates the columns of servers. */
export async function updateVps(db: Queryable, id: string, changes: UpdateObject<DB, 'vps'>): Promise<void> {
  await db.updateTable('vps').set(changes).where('id', '=', id).execute();
}

/** What a create request refers to, read in one query; null where it does not exist. */
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
