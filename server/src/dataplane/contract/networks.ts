import type { Policies } from '../../lib/packet-filter/policy.ts';
import type { InstanceRef } from './refs.ts';

/** Instances of a team find each other under this domain, see {@link internalName}. */
export const INTERNAL_DOMAIN = 'danube.internal';

/** An instance's own addresses, without prefix length; null where its network stack leaves that family out. */
export interface Addresses {
  ipv4: string | null;
  ipv6: string | null;
}

/** The name of an instance inside its team's network: made from an address, so it is as stable. */
export const internalName = (addresses: Addresses): string =>
  `ip-${(addresses.ipv4 ?? addresses.ipv6 ?? '').replaceAll(/[.:]/g, '-')}`;

/** A team's corner of the data plane: one project and one network, which no other team can reach. */
export interface TenantSpec {
  teamId: number;
  network: TenantNetwork;
}

/** Addresses are text; subnets are CIDR, gateways are the address that instances use as router and DNS server. */
export interface TenantNetwork {
  /** For example `10.64.4.0/22` and `10.64.4.1`. */
  ipv4: { subnet: string; gateway: string };
  /** For example `fd12:3456:789a:1::/64` and `fd12:3456:789a:1::1`. */
  ipv6: { subnet: string; gateway: string };
}

/** A TCP port of the host that leads to one of an instance. */
export interface PublishedPort {
  /** IPv4 address of the host. */
  address: string;
  port: number;
  /** Port of the instance. */
  targetPort: number;
}

/** What the network lets pass to and from an instance. */
export interface InstanceFirewall {
  ref: InstanceRef;
  addresses: Addresses;
  policies: Policies;
}

/** The networks of teams, and what they let pass. */
export interface Networks {
  /** Creates the team's project and network where missing. */
  ensureTenant(tenant: TenantSpec): Promise<void>;
  /** Removes the team's project, network, volumes and snapshots; the team must have no instances left. */
  removeTenant(teamId: number): Promise<void>;
  /**
   * What the team's network lets pass, all of it: an instance that is not named here gets nothing in and nothing out
   * but DHCP, DNS and neighbour discovery with its gateway. Takes effect at once, as a whole or not at all, and cuts
   * established connections that are forbidden now. Needs the tenant; the instances need not exist. Throws `invalid`
   * for rules that the data plane cannot hold.
   */
  ensureFirewalls(teamId: number, firewalls: readonly InstanceFirewall[]): Promise<void>;
}
