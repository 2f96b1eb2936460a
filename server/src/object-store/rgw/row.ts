import { sql } from 'kysely';
import type { TenantNetwork } from '../../dataplane/contract/networks.ts';
import type { Database, Queryable } from '../../db/database.ts';
import { type AddressPools, nextSubnets, noNetworkLeft } from '../../instances/addresses.ts';
import { randomText, type SecretBox } from '../../lib/crypto.ts';

/** Where the gateway listens, on the instance's address. */
export const GATEWAY_PORT = 7480;
/** Where the gateway's log of requests is read, on the same address; see `guest/requests`. */
export const REQUESTS_PORT = 7481;
/** Where the key service listens, on the host's address in the network of the instance. */
export const KEYS_PORT = 8200;
/** Of the gateway in its network; the same as of a team's first instance. */
export const HOST_NUMBER = 10;

/** What only the platform knows of its object store. */
export interface StoreCredentials {
  /** First part of the admin API's paths. */
  adminEntry: string;
  accessKey: string;
  secretKey: string;
  /** With which the gateway asks for keys. */
  keysToken: string;
}

/** The object store that this install runs. */
export interface StoreRow {
  network: TenantNetwork;
  sizeGb: number;
  /** Of the instance, from 1; 0 before there is one. */
  generation: number;
  /** Hash of what this generation was made from; null: not known. */
  madeFrom: string | null;
  credentials: StoreCredentials;
  /** Of its disk, when it last answered; null before that. */
  totalBytes: number | null;
  usedBytes: number | null;
  observedAt: Date | null;
}

/** IPv4 address of the gateway. The host reaches it over the bridge. */
export const gatewayAddress = ({ network }: StoreRow): string =>
  network.ipv4.gateway.replace(/\d+$/, String(HOST_NUMBER));

/**
 * Whether there is an instance, or has been one. Before that, nothing may be sent to its address: the host has no network
 * in which it is, and would send it out by the default route, with what proves who asks.
 */
export const isMade = ({ generation }: StoreRow): boolean => generation > 0;

export const keysUrl = ({ network }: StoreRow): string => `http://${network.ipv4.gateway}:${KEYS_PORT}`;

/** Null where the install has no object store yet. */
export async function readStore(db: Queryable, secrets: SecretBox): Promise<StoreRow | null> {
  const { rows } = await sql<{
    ipv4: string;
    gateway4: string;
    ipv6: string;
    gateway6: string;
    size_gb: number;
    generation: number;
    made_from: string | null;
    credentials_sealed: Buffer;
    total_bytes: number | null;
    used_bytes: number | null;
    observed_at: Date | null;
  }>`select ipv4_subnet::text as ipv4, host(network(ipv4_subnet) + 1) as gateway4,
       ipv6_subnet::text as ipv6, host(network(ipv6_subnet) + 1) as gateway6,
       size_gb, generation, made_from, credentials_sealed, total_bytes, used_bytes, observed_at from object_store`.execute(
    db,
  );
  const [row] = rows;
  if (!row) return null;
  return {
    network: {
      ipv4: { subnet: row.ipv4, gateway: row.gateway4 },
      ipv6: { subnet: row.ipv6, gateway: row.gateway6 },
    },
    sizeGb: row.size_gb,
    generation: row.generation,
    madeFrom: row.made_from,
    credentials: JSON.parse(secrets.open(row.credentials_sealed)) as StoreCredentials,
    totalBytes: row.total_bytes,
    usedBytes: row.used_bytes,
    observedAt: row.observed_at,
  };
}

/** Decides what never changes for the object store, unless that was done before. Throws `not_available`. */
export async function createStore(
  database: Database,
  secrets: SecretBox,
  pools: AddressPools,
  sizeGb: number,
): Promise<void> {
  const credentials: StoreCredentials = {
    adminEntry: `admin-${randomText(24).toLowerCase()}`,
    accessKey: randomText(20),
    secretKey: randomText(40),
    keysToken: randomText(40),
  };
  const sealed = secrets.seal(JSON.stringify(credentials));
  await database.transaction(async (tx) => {
    await sql`
      insert into object_store (ordinal, ipv4_subnet, ipv6_subnet, size_gb, generation, credentials_sealed)
      select ordinal, ipv4, ipv6, ${sizeGb}, 0, ${sealed} from (${await nextSubnets(tx, pools)}) next
      on conflict (singleton) do nothing`.execute(tx);
    const { rows } = await sql`select from object_store`.execute(tx);
    if (rows.length === 0) throw noNetworkLeft();
  });
}

/** A store only grows. */
export async function growStore(db: Queryable, sizeGb: number): Promise<void> {
  await sql`update object_store set size_gb = ${sizeGb} where size_gb < ${sizeGb}`.execute(db);
}

/** Begins a generation of the instance that is made from this, unless the present one is. */
export async function beginGeneration(db: Queryable, madeFrom: string): Promise<void> {
  await sql`update object_store set generation = generation + 1, made_from = ${madeFrom}
    where made_from is distinct from ${madeFrom}`.execute(db);
}

export interface StoreUsage {
  totalBytes: number;
  usedBytes: number;
}

export async function noteUsage(db: Queryable, { totalBytes, usedBytes }: StoreUsage): Promise<void> {
  await sql`update object_store
    set total_bytes = ${totalBytes}, used_bytes = ${usedBytes}, observed_at = now()`.execute(db);
}
