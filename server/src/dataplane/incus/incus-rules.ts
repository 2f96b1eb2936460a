import {
  type Family,
  formatRange,
  type Range,
  type RangeSet,
  union,
  withoutMappedEdges,
} from '../../lib/packet-filter/addresses.ts';
import type { UnorderedRule } from '../../lib/packet-filter/unordered.ts';

/**
 * A rule as Incus 6.0 takes it. Lists are separated by commas, ranges are `a-b`; all addresses of one rule are of one
 * family.
 */
export interface IncusRule {
  action: 'allow' | 'drop';
  state: 'enabled';
  source?: string;
  destination?: string;
  protocol?: 'tcp' | 'udp' | 'icmp4' | 'icmp6';
  destination_port?: string;
  icmp_type?: string;
}

export interface IncusRules {
  ingress: IncusRule[];
  egress: IncusRule[];
}

/** The side of a rule that is not the instance's. */
type PeerField = 'source' | 'destination';

/** What was written of rules, for as long as somebody has them. */
const renderedOf = new WeakMap<readonly UnorderedRule[], Map<string, IncusRule[]>>();
const textsOf = new WeakMap<IncusRule, string>();

/**
 * Rules without the side of the instance. In an ACL of a network, that is added, and says of which family the rule is; in one
 * of a NIC, the other side has to.
 */
export function render(
  rules: readonly UnorderedRule[],
  family: Family,
  peerField: PeerField,
  place: 'network' | 'nic',
): IncusRule[] {
  const known = renderedOf.get(rules) ?? new Map<string, IncusRule[]>();
  renderedOf.set(rules, known);
  const key = `${family} ${peerField} ${place}`;
  const rendered = known.get(key) ?? renderAnew(rules, family, peerField, place);
  known.set(key, rendered);
  return rendered;
}

/** What is for one address. */
export interface RulesOfOne {
  address: bigint;
  rules: readonly UnorderedRule[];
}

/**
 * Rules of several instances for an ACL of a network. Each is there once, and names the addresses of all that have it: Incus
 * and nftables take time for each rule, and hardly any for an address.
 */
export function renderShared(
  all: readonly RulesOfOne[],
  family: Family,
  ownField: 'source' | 'destination',
): IncusRule[] {
  const peerField = ownField === 'source' ? 'destination' : 'source';
  const shared = new Map<string, { rule: IncusRule; owners: Range[] }>();
  for (const { address, rules } of all) {
    for (const rule of render(rules, family, peerField, 'network')) {
      const text = textOf(rule);
      const owners: Range[] = shared.get(text)?.owners ?? [];
      if (owners.length === 0) shared.set(text, { rule, owners });
      owners.push({ first: address, last: address });
    }
  }
  return [...shared.values()].map(({ rule, owners }) => ({
    ...rule,
    [ownField]: addressText(union(owners), family),
  }));
}

/** Equal rules of {@link renderAnew} have equal texts. */
function textOf(rule: IncusRule): string {
  const text = textsOf.get(rule) ?? JSON.stringify(rule);
  textsOf.set(rule, text);
  return text;
}

function renderAnew(
  rules: readonly UnorderedRule[],
  family: Family,
  peerField: PeerField,
  place: 'network' | 'nic',
): IncusRule[] {
  return rules.flatMap(({ action, protocol, ports, peers }) => {
    const text = addressText(peers, family);
    if (text === '') return [];
    const isEverybody = text === EVERYBODY_TEXT[family];
    const rule: IncusRule = { action, state: 'enabled' };
    if (!isEverybody) rule[peerField] = text;
    else if (place === 'nic') rule[peerField] = HALVES[family];
    if (protocol === 'icmp') rule.protocol = family === 'ipv4' ? 'icmp4' : 'icmp6';
    else if (protocol !== 'any') rule.protocol = protocol;
    if (ports) {
      rule.destination_port = ports
        .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
        .join();
    }
    return [rule];
  });
}

const EVERYBODY_TEXT: Record<Family, string> = { ipv4: '0.0.0.0/0', ipv6: '::/0' };
/** OVN does not compare with an empty prefix. */
const HALVES: Record<Family, string> = { ipv4: '0.0.0.0/1,128.0.0.0/1', ipv6: '::/1,8000::/1' };

const addressText = (set: RangeSet, family: Family): string =>
  (family === 'ipv6' ? withoutMappedEdges(set) : set).map((range) => formatRange(family, range)).join();
