import { createHash } from 'node:crypto';
import type { InstanceSpec } from '../../dataplane/contract/compute.ts';
import type { InstanceFirewall } from '../../dataplane/contract/networks.ts';
import type { InstanceRef, VolumeRef } from '../../dataplane/contract/refs.ts';
import { OBJECT_STORE_IMAGE, objectStoreRecipe } from '../../images/appliance-recipe.ts';
import { recipeHash } from '../../images/builder.ts';
import { dataMount } from '../../instances/volumes.ts';
import type { PolicyRule } from '../../lib/packet-filter/policy.ts';
import { type StoreNames, settingsFile } from './guest-settings.ts';
import { GATEWAY_PORT, gatewayAddress, HOST_NUMBER, KEYS_PORT, REQUESTS_PORT, type StoreRow } from './row.ts';

/** What the platform runs in instances belongs to this team, which no customer can have. */
export const PLATFORM_TEAM = 0;

export const STORE: InstanceRef = { teamId: PLATFORM_TEAM, name: 'platform-object-store' };
const VOLUME: VolumeRef = { teamId: PLATFORM_TEAM, name: 'platform-object-store-data' };

/** GiB of the volume besides the store itself: the monitor's database. */
const VOLUME_EXTRA_GB = 2;
const LIMITS = { vcpu: 2, memoryMb: 700, diskGb: 5 };

export const volumeGbOf = (row: StoreRow): number => row.sizeGb + VOLUME_EXTRA_GB;

/** Of the image that this process builds, from files that are read once. */
let knownHash: string | null = null;
const imageHash = (): string => {
  knownHash ??= recipeHash(objectStoreRecipe());
  return knownHash;
};

/** A hash of all that decides how the instance is: its image, settings and surroundings. */
export function originOf(row: StoreRow, names: StoreNames): string {
  const { generation: _, files, ...spec } = storeSpec(row, names);
  const contents = files.map(({ content }) => createHash('sha256').update(content).digest('hex'));
  const parts = [imageHash(), spec, contents, storeFirewall(row), volumeGbOf(row)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/**
 * Nothing listens at the IPv6 address. Without one, Incus 6.0 starts the instance no more once it has set up the network again, as after a
 * restart of the host: it writes `[none]` for dnsmasq then, and takes that for an address when it reads it.
 */
const addressesOf = (row: StoreRow): InstanceSpec['addresses'] => ({
  ipv4: gatewayAddress(row),
  ipv6: row.network.ipv6.gateway.replace(/[^:]+$/, HOST_NUMBER.toString(16)),
});

/** The instance that runs Ceph. */
export function storeSpec(row: StoreRow, names: StoreNames): InstanceSpec {
  return {
    ref: STORE,
    image: OBJECT_STORE_IMAGE,
    limits: LIMITS,
    publish: [],
    autoStart: true,
    network: row.network,
    addresses: addressesOf(row),
    hostname: 'object-store',
    userData: null,
    volumes: [dataMount(VOLUME)],
    files: [settingsFile(row, names)],
    generation: row.generation,
  };
}

/** Only the host may connect to the gateway and its log, and the instance only to the key service. */
export function storeFirewall(row: StoreRow): InstanceFirewall {
  const { network } = row;
  const host = [network.ipv4.gateway];
  return {
    ref: STORE,
    addresses: addressesOf(row),
    policies: [
      [
        rule('gateway', 'inbound', 'allow', { ports: only(GATEWAY_PORT), peers: host }),
        rule('requests', 'inbound', 'allow', { ports: only(REQUESTS_PORT), peers: host }),
        rule('keys', 'outbound', 'allow', { ports: only(KEYS_PORT), peers: host }),
        rule('nothing else', 'outbound', 'deny', { protocol: 'any' }),
      ],
    ],
  };
}

const only = (port: number) => ({ first: port, last: port });

const rule = (
  id: string,
  direction: PolicyRule['direction'],
  action: PolicyRule['action'],
  changes: Partial<PolicyRule>,
): PolicyRule => ({ id, direction, action, protocol: 'tcp', ports: null, peers: null, ...changes });
