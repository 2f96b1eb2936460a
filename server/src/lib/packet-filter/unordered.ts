import { EVERYBODY, type Family, intersect, type RangeSet, rangeKey, subtract, union } from './addresses.ts';
import type { AllowedPeers, PortGroup, PortRange } from './compile.ts';

/**
 * A rule of a data plane without order: it drops what any drop rule matches, passes of the rest what any allow rule
 * matches, and drops what is left.
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
  /** Peers with whom packets may be allowed here; the rest is left to others. Default: everybody. */
  scope?: RangeSet;
  /** Peers with whom rules of others may allow packets, so that what is forbidden must be dropped. Default: nobody. */
  shared?: RangeSet;
}

/**
 * The rules that enforce one direction of one family. `other` protocols have no name in a rule: they are allowed by
 * allowing `any`, and tcp, udp and ICMP are dropped where they must not come along. With `shared` peers, only tcp and
 * udp can be dropped so; ICMP and other protocols are left to whoever knows both sides.
 *
 * At most one allow and one drop rule per group of ports, two for ICMP and one for `any`.
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

/** One rule per set of peers that `select` makes of the groups. */
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

/** Sorts ranges of ports and joins those that touch; null where they are all ports. */
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
