import { type Family, parseAddress, parseBlock } from '../../lib/packet-filter/addresses.ts';
import { createEvaluator, type Packet } from '../../lib/packet-filter/evaluate.ts';
import { run } from '../../platform/run.ts';
import type { InstanceFirewall, TenantNetwork } from '../engine.ts';

/**
 * A connection in the kernel's table (conntrack). The rules of a network judge the first packet of a connection only: what
 * is in the table passes, whatever the rules say by now.
 */
export interface Connection {
  /** Number of the protocol (IANA). */
  protocol: number;
  /** Who began it. */
  from: string;
  /** Whom it reached: for a published port, the instance. */
  to: string;
  /** Port that it reached; null for protocols without ports. */
  port: number | null;
  /** Options by which conntrack(8) finds it. */
  name: readonly string[];
}

/** What the options of conntrack(8) are called that go with the members of its list. */
const OPTIONS: Readonly<Record<string, Record<string, string>>> = {
  any: { src: '--orig-src', dst: '--orig-dst', sport: '--sport', dport: '--dport' },
  1: { type: '--icmp-type', code: '--icmp-code', id: '--icmp-id' },
  58: { type: '--icmpv6-type', code: '--icmpv6-code', id: '--icmpv6-id' },
};

/**
 * Reads a line of `conntrack -L -o extended`, which has each end twice: as the connection was begun, and as it is answered.
 * Null for anything else.
 */
export function parseConnection(line: string): Connection | null {
  const [family = '', , , protocol = ''] = line.trim().split(/\s+/, 4);
  const fields = [...line.matchAll(/ (\w+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value] as const);
  const turn = fields.findLastIndex(([key]) => key === 'src');
  if (!/^ipv[46]$/.test(family) || !/^\d+$/.test(protocol) || turn < 1) return null;
  const asked = fields.slice(0, turn);
  const answer = new Map(fields.slice(turn).reverse());
  const options = { ...OPTIONS.any, ...OPTIONS[protocol] };
  const name = asked.flatMap(([key, value]) => (options[key] ? [options[key], value] : []));
  const port = answer.get('sport');
  return {
    protocol: Number(protocol),
    from: asked[0]?.[1] ?? '',
    to: answer.get('src') ?? '',
    port: port === undefined ? null : Number(port),
    name: ['-f', family, '-p', protocol, ...name],
  };
}

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
  const byAddress = new Map<string, Evaluate>();
  for (const { addresses, policies } of firewalls) {
    const evaluate = createEvaluator(policies);
    for (const address of [addresses.ipv4, addresses.ipv6]) {
      if (address !== null) byAddress.set(keyOf(parseAddress(address)), evaluate);
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
    byAddress.get(keyOf(parseAddress(instance)))?.(packet).allowed ?? false;
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
 * Ends the connections of a team's instances that its rules forbid: their next packet is the first of a new connection, which
 * the rules drop. Only on the host that the packets pass, as root. A TCP connection does not come back by the answers of
 * whoever was reached, because the host's firewall takes none that begins in its middle. An instance that goes on sending
 * UDP has begun a connection of its own by that, which its outbound rules judge.
 */
export async function cutForbidden(
  network: TenantNetwork,
  firewalls: readonly InstanceFirewall[],
): Promise<void> {
  const isAllowed = createJudge(network, firewalls);
  const forbidden = (await listConnections(network)).filter((connection) => !isAllowed(connection));
  if (forbidden.length === 0) return;
  // One process for all of them; one that ended by itself meanwhile is no error. It opens its input by name, which only
  // works for a pipe of a shell.
  const input = forbidden.map(({ name }) => `${['-D', ...name].join(' ')}\n`).join('');
  await run('sh', ['-c', 'cat | conntrack -R -'], { input });
}

/** Connections that may touch the team's subnets: begun there, asked for there, or led elsewhere than asked for. */
async function listConnections(network: TenantNetwork): Promise<Connection[]> {
  const wanted = (['ipv4', 'ipv6'] as const).flatMap((family) =>
    [['--orig-src', network[family].subnet], ['--orig-dst', network[family].subnet], ['--dst-nat']].map(
      (filter) => ['-L', '-o', 'extended', '-f', family, ...filter],
    ),
  );
  const listed = await Promise.all(wanted.map((args) => run('conntrack', args)));
  return listed.flatMap(({ stdout }) => stdout.split('\n').flatMap((line) => parseConnection(line) ?? []));
}
