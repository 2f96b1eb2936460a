import type { Policies } from '../../lib/packet-filter/policy.ts';
import type { InstanceRef } from './refs.ts';

/** DNS domain of a team's network, in which each instance has its {@link internalName}. */
export const INTERNAL_DOMAIN = 'danube.internal';

/** Addresses without prefix length; null for a family that the instance's network stack does not include. */
export interface Addresses {
  ipv4: string | null;
  ipv6: string | null;
}

/** The host name of an instance in its team's network. Derived from an address, so it changes only with that. */
export const internalName = (addresses: Addresses): string =>
  `ip-${(addresses.ipv4 ?? addresses.ipv6 ?? '').replaceAll(/[.:]/g, '-')}`;

/** A team's project and network in the data plane, which no other team can reach. */
export interface TenantSpec {
  teamId: number;
  network: TenantNetwork;
}

/** Subnets in CIDR notation. A gateway is the address that instances use as their router and DNS server. */
export interface TenantNetwork {
  /** For example `10.64.4.0/22` and `10.64.4.1`. */
  ipv4: { subnet: string; gateway: string };
  /** For example `fd12:3456:789a:1::/64` and `fd12:3456:789a:1::1`. */
  ipv6: { subnet: string; gateway: string };
}

/** A TCP port of the host that is forwarded to a port of an instance. */
export interface PublishedPort {
  /** IPv4 address of the host. */
  address: string;
  port: number;
  /** Port of the instance. */
  targetPort: number;
}

/** A TCP port of the host that instances may connect to: those of one team at its gateway, or all at any of its addresses. */
export interface HostPort {
  port: number;
  teamId: number | 'all';
}

/** The packet filter of one instance. */
export interface InstanceFirewall {
  ref: InstanceRef;
  addresses: Addresses;
  policies: Policies;
}

/** Networks of teams, and their firewalls. */
export interface Networks {
  /** Creates the team's project and network where missing. */
  ensureTenant(tenant: TenantSpec): Promise<void>;
  /** Removes the team's project, network, volumes and snapshots. The team must have no instances. */
  removeTenant(teamId: number): Promise<void>;
  /**
   * Replaces all firewalls of a team, atomically and at once. An instance that `firewalls` does not list can exchange
   * only DHCP, DNS and neighbour discovery with its gateway. Established connections that are no longer allowed are
   * cut. The tenant must exist, the instances need not. Throws `invalid` for rules that the data plane cannot
   * represent.
   */
  ensureFirewalls(teamId: number, firewalls: readonly InstanceFirewall[]): Promise<void>;
  /**
   * Lets instances connect to these ports of the host, as far as their firewalls allow, and to no others that an earlier
   * call named. Lost when the host's firewall is set up anew, so it is called again and again. Without effect where Incus
   * runs on another host.
   */
  ensureHostPorts(ports: readonly HostPort[]): Promise<void>;
}
