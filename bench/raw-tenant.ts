/** Where the raw side of a comparison lives: a network of its own, of which the server under test knows nothing. */
import type { InstanceSpec } from '../server/src/dataplane/contract/compute.ts';
import type { DataPlane } from '../server/src/dataplane/contract/data-plane.ts';
import type { TenantNetwork } from '../server/src/dataplane/contract/networks.ts';
import type { InstanceRef } from '../server/src/dataplane/contract/refs.ts';
import { fromTestRun } from '../server/test/incus.ts';

const TEAM = 900_000;

export interface RawTenant {
  network: TenantNetwork;
  ref: InstanceRef;
  addresses: InstanceSpec['addresses'];
  close(): Promise<void>;
}

/** Room for one instance, `ref`, at `addresses`, to which everything may pass. */
export async function openRawTenant(plane: DataPlane): Promise<RawTenant> {
  const network = lastNetworkOfPools();
  const ref = { teamId: TEAM, name: 'raw' };
  const addresses = {
    ipv4: network.ipv4.gateway.replace(/1$/, '10'),
    ipv6: network.ipv6.gateway.replace(/1$/, '10'),
  };
  const everything = { id: 'all', direction: 'inbound', action: 'allow', protocol: 'any' } as const;
  await plane.ensureTenant({ teamId: TEAM, network });
  await plane.ensureFirewalls(TEAM, [
    { ref, addresses, policies: [[{ ...everything, ports: null, peers: null }]] },
  ]);
  return {
    network,
    ref,
    addresses,
    async close() {
      await plane.removeInstance(ref);
      await plane.removeTenant(TEAM);
    },
  };
}

/** Teams get theirs from the beginning of the install's pools, an IPv4 /13 and an IPv6 /48. */
function lastNetworkOfPools(): TenantNetwork {
  const [first = '', second = ''] = fromTestRun('DANUBE_IPV4_POOL').split('.');
  const ipv4 = `${first}.${Number(second) + 7}.252`;
  const ipv6 = fromTestRun('DANUBE_IPV6_POOL').replace(/::\/48$/, ':ffff::');
  return {
    ipv4: { subnet: `${ipv4}.0/22`, gateway: `${ipv4}.1` },
    ipv6: { subnet: `${ipv6}/64`, gateway: `${ipv6}1` },
  };
}
