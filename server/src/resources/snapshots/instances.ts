import { type RawBuilder, sql } from 'kysely';
import type { InstanceRef } from '../../dataplane/contract/refs.ts';
import type { Queryable, Tx } from '../../db/database.ts';
import type { Operation } from '../../operations/operation.ts';
import { updateService } from '../managed-services/store.ts';
import { updateVps } from '../vps/store.ts';
import type { Kind } from './kinds.ts';

/** What snapshots need to know of a server, database or cache. */
export interface Instance {
  kind: Kind;
  id: string;
  team_id: number;
  name: string;
  status: string;
  /** Where it is headed once every accepted operation is done. */
  desired: 'running' | 'stopped' | 'deleted';
  plan: string;
  disk_gb: number;
  generation: number;
  made_from: string | null;
  automated_snapshots_enabled: boolean;
  /** Of a server. */
  image: string | null;
  /** Of a database or cache. */
  provider: string | null;
  version: string | null;
  database_name: string | null;
}

const SHARED = sql`id, team_id, name, status, desired, plan, disk_gb, generation, made_from, automated_snapshots_enabled`;
const COLUMNS = {
  vps: sql`'vps' as kind, ${SHARED}, image, null as provider, null as version, null as database_name`,
  data_services: sql`kind, ${SHARED}, null as image, provider, version, database_name`,
};

const tableOf = (kind: Kind): 'vps' | 'data_services' => (kind === 'vps' ? 'vps' : 'data_services');

const query = (kind: Kind, id: string) => {
  const table = tableOf(kind);
  const ofKind = kind === 'vps' ? sql`` : sql`and kind = ${kind}`;
  return sql`select ${COLUMNS[table]} from ${sql.table(table)} where id = ${id} ${ofKind}`;
};

/** For workflows, which know it from their own record. Undefined where it is gone. */
export async function getInstance(db: Queryable, kind: Kind, id: string): Promise<Instance | undefined> {
  return (await sql<Instance>`${query(kind, id)}`.execute(db)).rows[0];
}

/**
 * The same, and nobody else changes the row, or accepts an operation for it, until the transaction ends. With `teamId`, it
 * must belong to that team.
 */
export async function lockInstance(
  tx: Tx,
  kind: Kind,
  id: string,
  teamId?: number,
): Promise<Instance | undefined> {
  const ofTeam = teamId === undefined ? sql`` : sql`and team_id = ${teamId}`;
  return (await sql<Instance>`${query(kind, id)} ${ofTeam} for update`.execute(tx)).rows[0];
}

/** The columns of an instance that its snapshots change. */
export interface InstanceChanges {
  status?: string;
  desired?: 'running' | 'stopped';
  /** JSON, or null. */
  error?: string | null;
  generation?: number;
  made_from?: string | null;
  automated_snapshot_at?: RawBuilder<Date>;
}

export const updateInstance = (
  db: Queryable,
  kind: Kind,
  id: string,
  changes: InstanceChanges,
): Promise<void> => (kind === 'vps' ? updateVps(db, id, changes) : updateService(db, id, changes));

/** How the data plane names the instance that an operation is about. */
export const refOf = ({ teamId, resourceType, resourceId }: Operation): InstanceRef => ({
  teamId,
  name: `${resourceType}-${resourceId}`,
});
