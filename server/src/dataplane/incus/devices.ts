import type { InstanceSpec } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { PublishedPort } from '../contract/networks.ts';
import type { Placement } from './instance-config.ts';
import { bridgeName } from './names.ts';

/** Incus devices of an instance, by name. */
export type Devices = Record<string, Record<string, string>>;

/** Prefix of the names of published ports' devices, and of no other device. */
const PUBLISH_PREFIX = 'publish-';

export function creationDevices(spec: InstanceSpec, place: Placement): Devices {
  const { pool } = place;
  const volumes = spec.volumes.map(
    ({ ref, path }) => [ref.name, { type: 'disk', path, pool, source: ref.name }] as const,
  );
  return {
    root: { type: 'disk', path: '/', pool, size: `${spec.limits.diskGb}GiB` },
    ...Object.fromEntries(volumes),
    ...networkDevices(spec, place),
    ...publishDevices(spec.publish, spec.addresses.ipv4),
  };
}

/** The network card; none for an instance without addresses. */
function networkDevices({ ref, addresses }: InstanceSpec, place: Placement): Devices {
  if (addresses.ipv4 === null && addresses.ipv6 === null) return {};
  return {
    eth0: {
      type: 'nic',
      name: 'eth0',
      network: bridgeName(place.installId, ref.teamId),
      hwaddr: hardwareAddress(addresses),
      // `none` together with the filter: the instance can send nothing in that family.
      'ipv4.address': addresses.ipv4 ?? 'none',
      'ipv6.address': addresses.ipv6 ?? 'none',
      'security.mac_filtering': 'true',
      'security.ipv4_filtering': 'true',
      'security.ipv6_filtering': 'true',
    },
  };
}

/**
 * A MAC address derived from the IP address. Neighbours and the host cache the mapping for seconds to minutes, and
 * would send to the old MAC address after a reinstall. Locally administered; unique on the team's bridge, as the IP
 * address is.
 */
export function hardwareAddress(addresses: InstanceSpec['addresses']): string {
  const { ipv4, ipv6 } = addresses;
  const tail = ipv4 !== null ? ipv4.split('.').map(Number) : lowestBytes(ipv6 ?? '::');
  const bytes = [0x02, ipv4 !== null ? 0xd4 : 0xd6, ...tail];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** The last 32 bits of an IPv6 address. */
function lowestBytes(ipv6: string): number[] {
  const groups = ipv6.replace('::', ':0:0:').split(':').slice(-2);
  return groups.flatMap((group) => {
    const value = Number.parseInt(group || '0', 16);
    return [value >> 8, value & 255];
  });
}

/**
 * One device per published port. With `nat` it is a rule of the host's firewall instead of a proxy process: it costs
 * nothing, and the guest sees the client's address. It forwards connections from outside and from the host, except
 * those to the host's loopback address. Incus does not check for conflicts: the caller must not assign a port twice, or
 * one that the host listens on.
 */
export function publishDevices(publish: readonly PublishedPort[], ipv4: string | null): Devices {
  if (publish.length > 0 && ipv4 === null) {
    throw new DataPlaneError('invalid', 'Without an IPv4 address, ports cannot be published.');
  }
  return Object.fromEntries(
    publish.map(({ address, port, targetPort }) => [
      `${PUBLISH_PREFIX}${address}-${port}`,
      { type: 'proxy', nat: 'true', listen: `tcp:${address}:${port}`, connect: `tcp:${ipv4}:${targetPort}` },
    ]),
  );
}

/** Removes devices from a copy, which otherwise inherits its source's. */
export const withoutDevices = (devices: Devices): Devices =>
  Object.fromEntries(Object.keys(devices).map((name) => [name, { type: 'none' }]));

export const isPublished = (device: string): boolean => device.startsWith(PUBLISH_PREFIX);

/** The volumes attached to an instance, with the names of their devices. */
export const volumesOf = (devices: Devices): { device: string; name: string }[] =>
  Object.entries(devices).flatMap(([device, { type, source }]) =>
    type === 'disk' && source !== undefined ? [{ device, name: source }] : [],
  );

export const rootDiskGb = (devices: Devices): number => Number.parseInt(devices.root?.size ?? '', 10);

/** Whether two sets have the same devices with the same settings. */
export function sameDevices(one: Devices, other: Devices): boolean {
  const flat = (devices: Devices): string =>
    JSON.stringify(
      Object.entries(devices)
        .map(([name, device]) => [name, Object.entries(device).sort()])
        .sort(),
    );
  return flat(one) === flat(other);
}
