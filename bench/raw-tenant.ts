/** The tenant of the raw side of a comparison: a network that the server under test does not know. */
import type { InstanceSpec } from '../server/src/dataplane/contract/compute.ts';
import type { DataPlane } from '../server/src/dataplane/contract/data-plane.ts';
import type { TenantNetwork } from '../server/src/dataplane/contract/networks.ts';
import type { InstanceRef } from '../server/src/dataplane/contract/refs.ts';
import { fromTestRun } from '../server/test/incus.ts';

const TEAM = 900_000;

/** How many instances there is room for. */
const INSTANCES = 20;

export interface RawInstance {
  ref: InstanceRef;
  addresses: InstanceSpec['addresses'];
}

/** Also the first of its instances. */
export interface RawTenant extends RawInstance {
  network: TenantNetwork;
  instances: readonly RawInstance[];
  close(): Promise<void>;
}

/** Creates a tenant for instances with these names and addresses, without firewall restrictions. */
export async function openRawTenant(plane: DataPlane): Promise<RawTenant> {
  const network = lastNetworkOfPools();
  const instances = Array.from({ length: INSTANCES }, (_, number) => ({
    ref: { teamId: TEAM, name: `raw-${number}` },
    addresses: {
      ipv4: network.ipv4.gateway.replace(/1$/, String(10 + number)),
      ipv6: network.ipv6.gateway.replace(/1$/, String(10 + number)),
    },
  }));
  const everything = { id: 'all', direction: 'inbound', action: 'allow', protocol: 'any' } as const;
  await plane.ensureTenant({ teamId: TEAM, network });
  const policies = [[{ ...everything, ports: null, peers: null }]];
  await plane.ensureFirewalls(
    TEAM,
    instances.map((instance) => ({ ...instance, policies })),
  );
  return {
    network,
    ...instances[0]!,
    instances,
    async close() {
      for (const { ref } of instances) await plane.removeInstance(ref);
      await plane.removeTenant(TEAM);
    },
  };
}

/** The last networks of the install's pools (IPv4 /13, IPv6 /48); teams get theirs from the beginning. */
function lastNetworkOfPools(): TenantNetwork {
  const [first = '', second = ''] = fromTestRun('DANUBE_IPV4_POOL').split('.');
  const ipv4 = `${first}.${Number(second) + 7}.252`;
  const ipv6 = fromTestRun('DANUBE_IPV6_POOL').replace(/::\/48$/, ':ffff::');
  return {
    ipv4: { subnet: `${ipv4}.0/22`, gateway: `${ipv4}.1` },
    ipv6: { subnet: `${ipv6}/64`, gateway: `${ipv6}1` },
  };
}
