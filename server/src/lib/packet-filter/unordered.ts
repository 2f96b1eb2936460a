import { EVERYBODY, type Family, intersect, type RangeSet, rangeKey, subtract, union } from './addresses.ts';
import type { AllowedPeers, PortGroup, PortRange } from './compile.ts';

/**
 * A rule of a data plane without ordered rules: it drops what any drop rule matches, then allows what any allow rule
 * matches, and drops the rest.
 */
export interface UnorderedRule {
  action: 'allow' | 'drop';
  protocol: 'tcp' | 'udp' | 'icmp' | 'any';
  /** Sorted, neither overlapping nor touching; null: all ports. */
  ports: readonly PortRange[] | null;
  /** Never empty. */
  peers: RangeSet;
}

export interface Surroundings {
  /** Peers for which allow rules are made here; others are handled elsewhere. Default: everyone. */
  scope?: RangeSet;
  /** Peers that rules of other instances may allow too, so that forbidden packets need drop rules. Default: no one. */
  shared?: RangeSet;
}

/**
 * The rules that enforce one direction of one family. Rules cannot name `other` protocols: they are allowed by `any`,
 * with drop rules for tcp, udp and ICMP where `any` would allow too much. Towards `shared` peers, only tcp and udp can
 * be dropped this way; ICMP and other protocols are left to the caller, who knows both sides.
 *
 * Makes at most one allow and one drop rule per group of ports, two rules for ICMP and one for `any`.
 */
export function unorderedRules(
  allowed: AllowedPeers,
  family: Family,
  { scope = EVERYBODY[family], shared = [] }: Surroundings = {},
): UnorderedRule[] {
  const open = intersect(allowed.other, scope);
  const reachable = union(open, shared);
  const onPorts = (protocol: 'tcp' | 'udp'): UnorderedRule[] => [
    ...rulesOfGroups('drop', protocol, allowed[protocol], (peers) => subtract(reachable, peers)),
    ...rulesOfGroups('allow', protocol, allowed[protocol], (peers) =>
      subtract(intersect(peers, scope), open),
    ),
  ];
  const rules: UnorderedRule[] = [
    ...onPorts('tcp'),
    ...onPorts('udp'),
    { action: 'drop', protocol: 'icmp', ports: null, peers: subtract(open, allowed.icmp) },
    { action: 'allow', protocol: 'icmp', ports: null, peers: subtract(intersect(allowed.icmp, scope), open) },
    { action: 'allow', protocol: 'any', ports: null, peers: open },
  ];
  return rules.filter(({ peers }) => peers.length > 0);
}

/** One rule per set of peers that `select` returns for the groups. */
function rulesOfGroups(
  action: 'allow' | 'drop',
  protocol: 'tcp' | 'udp',
  groups: readonly PortGroup[],
  select: (peers: RangeSet) => RangeSet,
): UnorderedRule[] {
  const byPeers = new Map<string, { ports: PortRange[]; peers: RangeSet }>();
  for (const group of groups) {
    const peers = select(group.peers);
    const key = rangeKey(peers);
    const known = byPeers.get(key);
    if (known) known.ports.push(...group.ports);
    else byPeers.set(key, { ports: [...group.ports], peers });
  }
  return [...byPeers.values()].map(({ ports, peers }) => ({
    action,
    protocol,
    ports: joinPorts(ports),
    peers,
  }));
}

/** Sorts ranges of ports and joins those that touch; null where they cover all ports. */
function joinPorts(ports: readonly PortRange[]): PortRange[] | null {
  const joined: PortRange[] = [];
  for (const { first, last } of ports.toSorted((a, b) => a.first - b.first)) {
    const previous = joined.at(-1);
    if (previous?.last === first - 1) previous.last = last;
    else joined.push({ first, last });
  }
  const [only] = joined;
  return joined.length === 1 && only?.first === 0 && only.last === 65_535 ? null : joined;
}
