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
 * A rule in the format of Incus 6.0. Lists are comma-separated, ranges are `a-b`; all addresses of a rule belong to one
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

/** The member of a rule that names the peer, as opposed to the instance. */
type PeerField = 'source' | 'destination';

/** Cache of rendered rules, for as long as the rules are in use. */
const renderedOf = new WeakMap<readonly UnorderedRule[], Map<string, IncusRule[]>>();
const textsOf = new WeakMap<IncusRule, string>();

/**
 * Renders rules without the instance's own address. In a network's ACL it is added later and determines the family; in
 * a NIC's ACL the peer's addresses have to.
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

/** The rules of one address. */
export interface RulesOfOne {
  address: bigint;
  rules: readonly UnorderedRule[];
}

/**
 * Renders the rules of several instances for one network ACL. Equal rules become one rule that lists all their
 * addresses, since Incus and nftables take time for each rule, and hardly any for an address.
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

/** A key that is equal for equal rules. */
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
/** The whole address space as two halves: OVN cannot match a prefix of length 0. */
const HALVES: Record<Family, string> = { ipv4: '0.0.0.0/1,128.0.0.0/1', ipv6: '::/1,8000::/1' };

const addressText = (set: RangeSet, family: Family): string =>
  (family === 'ipv6' ? withoutMappedEdges(set) : set).map((range) => formatRange(family, range)).join();
