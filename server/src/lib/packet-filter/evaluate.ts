import {
  EVERYBODY,
  type Family,
  includes,
  parseAddress,
  parseBlock,
  type RangeSet,
  union,
} from './addresses.ts';
import type { Direction, Policies, PolicyRule } from './policy.ts';

/**
 * Evaluates single packets by the ordered rules. This defines what firewalls mean; what `compile.ts` makes for a data
 * plane is tested against it.
 */

/** The first packet of a connection, as an instance's firewall sees it. */
export interface Packet {
  direction: Direction;
  /** Address of the other side. */
  peer: string;
  /** A name, or an IANA protocol number. `icmp` with an IPv6 address is ICMPv6. */
  protocol: 'tcp' | 'udp' | 'icmp' | 'gre' | 'esp' | number;
  /** Destination port; null for protocols without ports. */
  port: number | null;
}

export interface Verdict {
  allowed: boolean;
  /** The rule that decided, and the index of its policy; null for the default. */
  decidedBy: { policy: number; rule: PolicyRule } | null;
}

/** Throws `InvalidAddress` for an invalid peer address of the packet or a rule. */
export const evaluate = (policies: Policies, packet: Packet): Verdict => createEvaluator(policies)(packet);

/** Does the same as {@link evaluate} for many packets; parses the rules once. */
export function createEvaluator(policies: Policies): (packet: Packet) => Verdict {
  const prepared = policies.map((policy) => policy.map((rule) => ({ rule, matches: createMatcher(rule) })));
  return (packet) => {
    const { family, value } = parseAddress(packet.peer);
    const known = { ...packet, family, value, protocol: protocolName(packet.protocol, family) };
    const decisions = prepared.flatMap((policy, index) => {
      const first = policy.find(({ matches }) => matches(known));
      return first ? [{ policy: index, rule: first.rule }] : [];
    });
    const denial = decisions.find(({ rule }) => rule.action === 'deny');
    const decidedBy = denial ?? decisions[0] ?? null;
    return { allowed: decidedBy ? !denial : packet.direction === 'outbound', decidedBy };
  };
}

type KnownPacket = Packet & { family: Family; value: bigint };

function createMatcher(rule: PolicyRule): (packet: KnownPacket) => boolean {
  const blocks = rule.peers?.map(parseBlock);
  const peers = (family: Family): RangeSet =>
    blocks ? union(blocks.filter((block) => block.family === family)) : EVERYBODY[family];
  const byFamily = { ipv4: peers('ipv4'), ipv6: peers('ipv6') };
  return ({ direction, protocol, port, family, value }) =>
    rule.direction === direction &&
    (rule.protocol === 'any' || rule.protocol === protocol) &&
    (!rule.ports || (port !== null && rule.ports.first <= port && port <= rule.ports.last)) &&
    includes(byFamily[family], value);
}

const NAMES: Record<Family, Record<number, Packet['protocol']>> = {
  ipv4: { 1: 'icmp', 6: 'tcp', 17: 'udp', 47: 'gre', 50: 'esp' },
  ipv6: { 58: 'icmp', 6: 'tcp', 17: 'udp', 47: 'gre', 50: 'esp' },
};

const protocolName = (protocol: Packet['protocol'], family: Family): Packet['protocol'] =>
  typeof protocol === 'number' ? (NAMES[family][protocol] ?? protocol) : protocol;
