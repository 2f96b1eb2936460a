import { EVERYBODY, type Family, InvalidAddress, parseBlock, type RangeSet, union } from './addresses.ts';
import { type Canvas, type Layer, Painter, sameCanvas } from './canvas.ts';
import type { Direction, Policies, PolicyRule, Protocol } from './policy.ts';
import { SizeMeter } from './size.ts';
import { UncompilablePolicies } from './uncompilable.ts';

/**
 * Compiles ordered rules to sets: the peers that an instance may communicate with, by direction, family, protocol and
 * port. Sets need no order, so a data plane without ordered rules can enforce them; `unordered.ts` turns them into its
 * rules.
 *
 * The ports in all rules divide 0–65535 into intervals, and the addresses in all rules divide a family into segments:
 * within one interval and segment, all packets get the same verdict. For each interval, a canvas with one cell per
 * segment is painted with the rules from last to first, so that the first matching rule remains visible.
 */

export interface PortRange {
  first: number;
  last: number;
}

/** Ports with the same allowed peers. */
export interface PortGroup {
  /** Sorted, neither overlapping nor touching. */
  ports: readonly PortRange[];
  peers: RangeSet;
}

/** The peers allowed in one direction and family. */
export interface AllowedPeers {
  /** Every port is in exactly one group; `peers` may be empty. */
  tcp: readonly PortGroup[];
  udp: readonly PortGroup[];
  icmp: RangeSet;
  /** Peers allowed for every other protocol. */
  other: RangeSet;
}

export type CompiledPolicies = Record<Direction, Record<Family, AllowedPeers>>;

/** A rule with its peers parsed to ranges. */
export interface KnownRule {
  rule: PolicyRule;
  policy: number;
  peers: Record<Family, RangeSet>;
}

/**
 * Throws `UncompilablePolicies` for an invalid address, where GRE or ESP would have to be distinguished from other
 * protocols, and where the result is too large (see `size.ts`).
 */
export function compile(policies: Policies): CompiledPolicies {
  const rules = policies.flatMap((policy, index) => policy.map((rule) => readRule(rule, index)));
  const meter = new SizeMeter(rules);
  const compileDirection = (direction: Direction): Record<Family, AllowedPeers> => {
    const own = rules.filter(({ rule }) => rule.direction === direction);
    return {
      ipv4: compileFamily(own, direction, 'ipv4', meter),
      ipv6: compileFamily(own, direction, 'ipv6', meter),
    };
  };
  return { inbound: compileDirection('inbound'), outbound: compileDirection('outbound') };
}

function readRule(rule: PolicyRule, policy: number): KnownRule {
  if (!rule.peers) return { rule, policy, peers: EVERYBODY };
  try {
    const blocks = rule.peers.map(parseBlock);
    const ofFamily = (family: Family): RangeSet => union(blocks.filter((block) => block.family === family));
    return { rule, policy, peers: { ipv4: ofFamily('ipv4'), ipv6: ofFamily('ipv6') } };
  } catch (error) {
    if (!(error instanceof InvalidAddress)) throw error;
    throw new UncompilablePolicies('invalid_address', error.message, [rule.id]);
  }
}

interface RuleLayer extends Layer {
  rule: PolicyRule;
}

function compileFamily(
  rules: readonly KnownRule[],
  direction: Direction,
  family: Family,
  meter: SizeMeter,
): AllowedPeers {
  const layers = rules.map(({ rule, policy, peers }) => ({
    rule,
    policy,
    action: rule.action,
    peers: peers[family],
  }));
  const painter = new Painter<RuleLayer>(layers, direction, family);
  const paint = (protocol: Protocol | 'other', port: number | null): Canvas =>
    painter.paint(layers.filter(({ rule }) => matches(rule, protocol, port)));
  const other = paint('other', null);
  for (const protocol of ['gre', 'esp'] as const) {
    if (!sameCanvas(paint(protocol, null), other)) throw unsupported(protocol, rules);
  }
  const icmp = paint('icmp', null);
  meter.count(other, null, []);
  meter.count(icmp, other, []);
  const groupPorts = (protocol: 'tcp' | 'udp'): PortGroup[] => {
    const groups = new Map<string, { ports: PortRange[]; canvas: Canvas }>();
    for (const interval of portIntervals(rules, protocol)) {
      const canvas = paint(protocol, interval.first);
      const key = Buffer.from(canvas.buffer).toString('latin1');
      const known = groups.get(key);
      if (known) append(known.ports, interval);
      else groups.set(key, { ports: [interval], canvas });
    }
    return [...groups.values()].map(({ ports, canvas }) => {
      meter.count(canvas, other, ports);
      return { ports, peers: painter.peersOf(canvas) };
    });
  };
  return {
    tcp: groupPorts('tcp'),
    udp: groupPorts('udp'),
    icmp: painter.peersOf(icmp),
    other: painter.peersOf(other),
  };
}

function matches(rule: PolicyRule, protocol: Protocol | 'other', port: number | null): boolean {
  if (rule.protocol !== 'any' && rule.protocol !== protocol) return false;
  return !rule.ports || (port !== null && rule.ports.first <= port && port <= rule.ports.last);
}

/**
 * The port space divided at the edges of all rules' ports: for k rules with ports, at most 2k + 1 intervals, in order.
 */
function portIntervals(rules: readonly KnownRule[], protocol: 'tcp' | 'udp'): PortRange[] {
  const edges = rules.flatMap(({ rule }) =>
    rule.ports && rule.protocol === protocol ? [rule.ports.first, rule.ports.last + 1] : [],
  );
  const starts = [...new Set([0, ...edges])].filter((port) => port <= 65_535).sort((a, b) => a - b);
  return starts.map((first, index) => ({ first, last: (starts[index + 1] ?? 65_536) - 1 }));
}

function append(ports: PortRange[], { first, last }: PortRange): void {
  const previous = ports.at(-1);
  if (previous?.last === first - 1) previous.last = last;
  else ports.push({ first, last });
}

/** Data planes distinguish tcp, udp and ICMP; all other protocols are allowed or forbidden together. */
function unsupported(protocol: 'gre' | 'esp', rules: readonly KnownRule[]): UncompilablePolicies {
  return new UncompilablePolicies(
    'unsupported_protocol',
    `The network cannot tell ${protocol} from other protocols without ports: rule them together, with the protocol ` +
      'any.',
    rules.filter(({ rule }) => rule.protocol === protocol).map(({ rule }) => rule.id),
  );
}
