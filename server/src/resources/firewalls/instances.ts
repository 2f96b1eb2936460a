import { sql } from 'kysely';
import type { Queryable } from '../../db/database.ts';
import type { InstanceType } from './rule.ts';

/** An instance of a team, of whichever kind. */
export interface Instance {
  type: InstanceType;
  id: string;
  name: string;
  status: string;
  ipv4: string | null;
  ipv6: string | null;
}

/** Servers, databases and caches, for a query over all of them. */
export const ALL_INSTANCES = sql`(
  select 'vps' as type, id, team_id, name, status, host(ipv4) as ipv4, host(ipv6) as ipv6 from vps
  union all
  select kind, id, team_id, name, status, host(ipv4), host(ipv6) from data_services)`;

/** All instances of a team; there are a thousand at most, the size of its network. */
export async function listInstances(db: Queryable, teamId: number): Promise<Instance[]> {
  const result = await sql<Instance>`
    select type, id, name, status, ipv4, ipv6 from ${ALL_INSTANCES} instances
    where team_id = ${teamId}::bigint order by id`.execute(db);
  return result.rows;
}

/** Addresses by instance, for rules that name instances. */
export const addressBook = (
  instances: readonly Pick<Instance, 'id' | 'ipv4' | 'ipv6'>[],
): ReadonlyMap<string, readonly string[]> =>
  new Map(instances.map(({ id, ipv4, ipv6 }) => [id, [ipv4, ipv6].filter((address) => address !== null)]));
