import { stringify } from 'yaml';
import type { InstanceSpec } from '../contract/compute.ts';
import { INTERNAL_DOMAIN } from '../contract/networks.ts';

const prefixOf = (spec: InstanceSpec, family: 'ipv4' | 'ipv6'): string =>
  spec.network[family].subnet.split('/')[1] ?? '';

/**
 * cloud-init network configuration (version 2), with static addresses so that no boot waits for a DHCP server. It uses
 * `gateway4` and `gateway6`: from a route to `::/0`, cloud-init 22.4 makes one to `::/64` (`_normalize_net_keys` in
 * `net/network_state.py` treats a prefix length of 0 as missing), and there is no default route until the router's next
 * advertisement.
 */
export function networkConfig(spec: InstanceSpec): string {
  const families = (['ipv4', 'ipv6'] as const).filter((family) => spec.addresses[family] !== null);
  if (families.length === 0) return stringify({ version: 2, ethernets: {} });
  return stringify({
    version: 2,
    ethernets: {
      eth0: {
        dhcp4: false,
        dhcp6: false,
        'accept-ra': false,
        addresses: families.map((family) => `${spec.addresses[family]}/${prefixOf(spec, family)}`),
        ...Object.fromEntries(
          families.map((family) => [family.replace('ipv', 'gateway'), spec.network[family].gateway]),
        ),
        nameservers: {
          addresses: families.map((family) => spec.network[family].gateway),
          search: [INTERNAL_DOMAIN],
        },
      },
    },
  });
}

/**
 * The same as a file of systemd-networkd, see systemd.network(5). All addresses are static, so router advertisements and
 * multicast name resolution are not needed, and unique, so that no second is spent on finding duplicates.
 */
export function networkFile(spec: InstanceSpec): string {
  const families = (['ipv4', 'ipv6'] as const).filter((family) => spec.addresses[family] !== null);
  if (families.length === 0) return '[Match]\nName=eth0\n\n[Link]\nUnmanaged=yes\n';
  const gateways = families.map((family) => spec.network[family].gateway);
  return [
    '[Match]\nName=eth0',
    [
      '[Network]\nDHCP=no\nIPv6AcceptRA=no\nLLMNR=no\nMulticastDNS=no',
      ...gateways.map((gateway) => `DNS=${gateway}`),
      `Domains=${INTERNAL_DOMAIN}`,
      ...gateways.map((gateway) => `Gateway=${gateway}`),
    ].join('\n'),
    ...families.map(
      (family) =>
        `[Address]\nAddress=${spec.addresses[family]}/${prefixOf(spec, family)}\nDuplicateAddressDetection=none`,
    ),
  ]
    .map((section) => `${section}\n`)
    .join('\n');
}

/**
 * The same for an image without cloud-init, as shell assignments for its `boot` script. Values of a family that the
 * instance does not have are empty.
 */
export function networkText(spec: InstanceSpec): string {
  const address = (family: 'ipv4' | 'ipv6'): string =>
    spec.addresses[family] === null ? '' : `${spec.addresses[family]}/${prefixOf(spec, family)}`;
  const gateway = (family: 'ipv4' | 'ipv6'): string =>
    spec.addresses[family] === null ? '' : spec.network[family].gateway;
  return Object.entries({
    HOSTNAME: spec.hostname,
    ADDRESS4: address('ipv4'),
    GATEWAY4: gateway('ipv4'),
    ADDRESS6: address('ipv6'),
    GATEWAY6: gateway('ipv6'),
  })
    .map(([name, value]) => `${name}=${shellWord(value)}\n`)
    .join('');
}

/** Quotes text as one word of a shell command. */
const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
