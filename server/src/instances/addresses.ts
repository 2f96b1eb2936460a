import { type RawBuilder, sql } from 'kysely';
import type { TenantNetwork } from '../dataplane/contract/networks.ts';
import type { Queryable, Tx } from '../db/database.ts';
import { lockInstall } from '../db/transaction-locks.ts';
import { AppError } from '../lib/errors.ts';

/** CIDR ranges that team networks are cut from. Each team gets an IPv4 /22 and an IPv6 /64. */
export interface AddressPools {
  ipv4: string;
  ipv6: string;
  /** TCP ports of the host's public address at which instances are published. */
  ports: PortRange;
}

/** Both ends are inclusive. */
export interface PortRange {
  first: number;
  last: number;
}

/** The addresses of one instance, which keeps them until it is deleted. */
export interface Addresses {
  ipv4: string;
  ipv6: string;
}

const FIRST_HOST = 10;
/** Highest host number in a /22, which has 1,024 addresses; the last one is the broadcast address. */
const LAST_HOST = 1022;

/**
 * Assigns the next free address pair of the team to a member of an instance, and creates the team's network at the
 * first call. The member's row must exist when the transaction ends; deleting it frees the pair. The network's row is
 * locked meanwhile, and a primary key ensures that no address is assigned twice.
 */
export async function allotAddresses(
  tx: Tx,
  teamId: number,
  memberId: string,
  pools: AddressPools,
): Promise<Addresses> {
  const first = await takeNext(tx, teamId, memberId);
  if (first) return first;
  await createNetwork(tx, teamId, pools);
  const taken = (await takeNext(tx, teamId, memberId)) ?? (await takeFreed(tx, teamId, memberId));
  if (!taken) {
    throw new AppError(
      'not_available',
      'The network of this team has no free address left. Delete an instance first.',
    );
  }
  return taken;
}

/**
 * Reads the networks of teams, each only once, because a network never changes. The returned function throws where the
 * team has no network yet.
 */
export function createNetworkReader(db: Queryable): (teamId: number) => Promise<TenantNetwork> {
  const known = new Map<number, TenantNetwork>();
  return async (teamId) => {
    const network = known.get(teamId) ?? (await readNetwork(db, teamId));
    known.set(teamId, network);
    return network;
  };
}

async function readNetwork(db: Queryable, teamId: number): Promise<TenantNetwork> {
  const result = await sql<{ v4: string; v4gw: string; v6: string; v6gw: string }>`
    select ipv4_subnet::text as v4, host(network(ipv4_subnet) + 1) as v4gw,
           ipv6_subnet::text as v6, host(network(ipv6_subnet) + 1) as v6gw
    from networks where team_id = ${teamId}`.execute(db);
  const row = result.rows[0];
  if (!row) throw new Error(`Team ${teamId} has no network.`);
  return { ipv4: { subnet: row.v4, gateway: row.v4gw }, ipv6: { subnet: row.v6, gateway: row.v6gw } };
}

/** Unused addresses come before freed ones, so that an address is not reused at once. */
async function takeNext(tx: Tx, teamId: number, memberId: string): Promise<Addresses | undefined> {
  const result = await sql<Addresses>`
    with network as (
      update networks set next_host = next_host + 1
      where team_id = ${teamId} and next_host <= ${LAST_HOST}
      returning team_id, next_host - 1 as host, ipv4_subnet, ipv6_subnet),
    address as (
      insert into addresses (team_id, host, member_id)
      select team_id, host, ${memberId} from network)
    select host(network(ipv4_subnet) + host) as ipv4, host(network(ipv6_subnet) + host) as ipv6
    from network`.execute(tx);
  return result.rows[0];
}

async function takeFreed(tx: Tx, teamId: number, memberId: string): Promise<Addresses | undefined> {
  await sql`select from networks where team_id = ${teamId} for update`.execute(tx);
  const result = await sql<Addresses>`
    with free as (
      select candidate as host from generate_series(${FIRST_HOST}::int, ${LAST_HOST}::int) candidate
      where not exists (select from addresses where team_id = ${teamId} and host = candidate)
      order by candidate limit 1),
    address as (
      insert into addresses (team_id, host, member_id) select ${teamId}, host, ${memberId} from free)
    select host(network(ipv4_subnet) + host) as ipv4, host(network(ipv6_subnet) + host) as ipv6
    from networks, free where team_id = ${teamId}`.execute(tx);
  return result.rows[0];
}

async function createNetwork(tx: Tx, teamId: number, pools: AddressPools): Promise<void> {
  const created = await sql`
    insert into networks (team_id, ordinal, ipv4_subnet, ipv6_subnet)
    select ${teamId}, ordinal, ipv4, ipv6 from (${await nextSubnets(tx, pools)}) next
    on conflict (team_id) do nothing
    returning ordinal`.execute(tx);
  if (created.rows.length > 0) return;
  const present = await sql`select from networks where team_id = ${teamId}`.execute(tx);
  if (present.rows.length === 0) throw noNetworkLeft();
}

export const noNetworkLeft = (): AppError =>
  new AppError(
    'not_available',
    'This install has no network range left for another team. The operator can extend DANUBE_IPV4_POOL.',
  );

/**
 * A query for the next network of the pools: `ordinal`, `ipv4` and `ipv6`; no row where they have none left. Until the
 * transaction ends, no other one gets a network, so that the ordinals have no gaps; networks are rarely created.
 */
export async function nextSubnets(tx: Tx, pools: AddressPools): Promise<RawBuilder<unknown>> {
  await lockInstall(tx, 'networks');
  return sql`
    with slot as (
      select coalesce(max(ordinal) + 1, 0) as ordinal
      from (select ordinal from networks union all select ordinal from object_store) taken),
    subnet as (
      select ordinal,
        set_masklen(network(${pools.ipv4}::inet)::inet + ordinal::bigint * 1024, 22)::cidr as ipv4,
        set_masklen(network(${pools.ipv6}::inet)::inet | ('0:0:0:' || to_hex(ordinal) || '::')::inet, 64)::cidr as ipv6
      from slot)
    select ordinal, ipv4, ipv6 from subnet
    where ipv4 << ${pools.ipv4}::inet and ipv6 << ${pools.ipv6}::inet`;
}
