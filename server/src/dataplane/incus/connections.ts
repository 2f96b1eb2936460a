import { type Family, parseAddress, parseBlock } from '../../lib/packet-filter/addresses.ts';
import { createEvaluator, type Packet } from '../../lib/packet-filter/evaluate.ts';
import type { InstanceFirewall, TenantNetwork } from '../contract/networks.ts';
import { type Connection, deleteConnections, listConnections } from './conntrack.ts';

type Evaluate = ReturnType<typeof createEvaluator>;

/**
 * Returns the function that tells whether a team's rules allow a connection. Connections of other networks are allowed.
 */
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
    // Compiled on first use: most instances of a large team have no connection that needs judging.
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
  // An instance without firewall may exchange nothing.
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

/** DNS and DHCP of the gateway, which no rule can block. */
const isGatewayService = (protocol: number, port: number | null): boolean =>
  (port === 53 && (protocol === TCP || protocol === UDP)) ||
  (protocol === UDP && (port === 67 || port === 547));

/**
 * Cuts the connections of a team's instances that its rules forbid: their next packet counts as the first of a new
 * connection, which the rules drop. Works only on the host that forwards the packets, as root. A cut TCP connection
 * cannot resume with the peer's packets, because the host's firewall drops TCP that begins mid-connection. An instance
 * that keeps sending UDP thereby opens a new connection, which its outbound rules judge.
 */
export async function cutForbidden(
  network: TenantNetwork,
  firewalls: readonly InstanceFirewall[],
): Promise<void> {
  const isAllowed = createJudge(network, firewalls);
  await deleteConnections((await listConnections(network)).filter((connection) => !isAllowed(connection)));
}
