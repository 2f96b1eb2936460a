import { type Family, parseAddress, parseBlock } from '../../lib/packet-filter/addresses.ts';
import { createEvaluator, type Packet } from '../../lib/packet-filter/evaluate.ts';
import type { InstanceFirewall, TenantNetwork } from '../contract/networks.ts';
import { type Connection, deleteConnections, listConnections } from './conntrack.ts';

type Evaluate = ReturnType<typeof createEvaluator>;

/** Answers whether the rules of a team let a connection pass. Those of others it knows nothing about, and lets pass. */
export function createJudge(
  network: TenantNetwork,
  firewalls: readonly InstanceFirewall[],
): (connection: Connection) => boolean {
  const families = [network.ipv4, network.ipv6].map(({ subnet, gateway }) => ({
    ...parseBlock(subnet),
    gateway: parseAddress(gateway).value,
  }));
  const byAddress = new Map<string, () => Evaluate>();
  for (const { addresses, policies } of firewalls) {
    // Rules are read once somebody has a connection: most instances of a large team have none, or none that matters.
    let evaluate: Evaluate | undefined;
    const evaluator = (): Evaluate => {
      evaluate ??= createEvaluator(policies);
      return evaluate;
    };
    for (const address of [addresses.ipv4, addresses.ipv6]) {
      if (address !== null) byAddress.set(keyOf(parseAddress(address)), evaluator);
    }
  }
  const placeOf = (text: string): 'instance' | 'gateway' | 'elsewhere' => {
    const { family, value } = parseAddress(text);
    const own = families.find((one) => one.family === family);
    if (!own || value < own.first || value > own.last) return 'elsewhere';
    return value === own.gateway ? 'gateway' : 'instance';
  };
  // An instance that no firewall names gets nothing.
  const passes = (instance: string, packet: Packet): boolean =>
    byAddress.get(keyOf(parseAddress(instance)))?.()(packet).allowed ?? false;
  return ({ from, to, protocol, port }) => {
    if (placeOf(from) === 'instance') {
      const isService = placeOf(to) === 'gateway' && isGatewayService(protocol, port);
      if (!isService && !passes(from, { direction: 'outbound', peer: to, protocol, port })) return false;
    }
    return placeOf(to) !== 'instance' || passes(to, { direction: 'inbound', peer: from, protocol, port });
  };
}

const keyOf = ({ family, value }: { family: Family; value: bigint }): string => `${family} ${value}`;

const [TCP, UDP] = [6, 17];

/** DNS and DHCP, which no rule takes away. */
const isGatewayService = (protocol: number, port: number | null): boolean =>
  (port === 53 && (protocol === TCP || protocol === UDP)) ||
  (protocol === UDP && (port === 67 || port === 547));

/**
 * Ends the connections of a team's instances that its rules forbid: their next packet is the first of a new connection,
 * which the rules drop. Only on the host that the packets pass, as root. A TCP connection does not come back by the
 * answers of whoever was reached, because the host's firewall takes none that begins in its middle. An instance that
 * goes on sending UDP has begun a connection of its own by that, which its outbound rules judge.
 */
export async function cutForbidden(
  network: TenantNetwork,
  firewalls: readonly InstanceFirewall[],
): Promise<void> {
  const isAllowed = createJudge(network, firewalls);
  await deleteConnections((await listConnections(network)).filter((connection) => !isAllowed(connection)));
}
