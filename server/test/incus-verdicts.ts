import { BlockList, isIPv4 } from 'node:net';
import type { InstanceFirewall } from '../src/dataplane/contract/networks.ts';
import { ovnRules } from '../src/dataplane/incus/acl-rules.ts';
import type { IncusRule, IncusRules } from '../src/dataplane/incus/incus-rules.ts';
import { evaluate } from '../src/lib/packet-filter/evaluate.ts';
import type { Direction, Policies } from '../src/lib/packet-filter/policy.ts';
import type { Contents } from './random-policies.ts';

/**
 * A model of how Incus applies its rules to a packet, and of the verdict of the firewalls of both sides. Tests of the
 * rules that Danube writes for Incus compare the two.
 */
export const NETWORK = {
  ipv4: { subnet: '10.64.4.0/22', gateway: '10.64.4.1' },
  ipv6: { subnet: 'fd12:3456:789a:1::/64', gateway: 'fd12:3456:789a:1::1' },
};
/** Addresses of the team's network: three instances', the gateway's, and the IPv4 broadcast address. */
export const INSIDE = [
  ['10.64.4.10', '10.64.4.11', '10.64.4.12', '10.64.4.1', '10.64.7.255'],
  ['fd12:3456:789a:1::a', 'fd12:3456:789a:1::b', 'fd12:3456:789a:1::c', 'fd12:3456:789a:1::1'],
] as const;
/** Addresses outside that the team's network routes. */
export const ROUTED = [
  ['0.0.0.1', '10.64.3.255', '10.64.8.0', '128.0.0.0', '203.0.113.7', '223.255.255.255', '255.255.255.254'],
  ['::1', '::1:0:0:0', '2001:db8::1', 'fd12:3456:789a:0:ffff:ffff:ffff:ffff', 'fd12:3456:789a:2::', 'fec0::'],
] as const;
/** Addresses that are never routed: link-local, multicast, reserved. */
export const UNROUTED = [
  ['169.254.169.254', '224.0.0.251', '239.255.255.255', '255.255.255.255'],
  ['fe80::1', 'febf:ffff::', 'ff02::1', 'ff02::1:ff00:a', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
] as const;

/** A packet from one address to another. */
export type Passage = Contents & { from: string; to: string; icmpType?: number };

const isGateway = (address: string): boolean =>
  address === NETWORK.ipv4.gateway || address === NETWORK.ipv6.gateway;
const isInside = (address: string): boolean => INSIDE.flat().includes(address as never);
/** Whether packets to or from this address cross the bridge through an instance's port. */
export const isOnPort = (address: string): boolean => isInside(address) && !isGateway(address);

/** Whether a list of addresses, CIDR blocks and ranges contains the address, as Incus would read the list. */
function contains(list: string | undefined, address: string): boolean {
  if (list === undefined) return true;
  const family = (text: string): 'ipv4' | 'ipv6' => (isIPv4(text) ? 'ipv4' : 'ipv6');
  const blocks = new BlockList();
  // A `BlockList` would find IPv4 addresses in IPv6 blocks.
  for (const item of list.split(',').filter((other) => other.includes(':') !== isIPv4(address))) {
    const [first = '', last] = item.split('-');
    const [base = '', prefix] = first.split('/');
    if (last) blocks.addRange(first, last, family(first));
    else if (prefix) blocks.addSubnet(base, Number(prefix), family(base));
    else blocks.addAddress(base, family(base));
  }
  return blocks.check(address, family(address));
}

function concerns(rule: IncusRule, { from, to, protocol, port, icmpType = 8 }: Passage): boolean {
  const numbers: Record<string, number> = { tcp: 6, udp: 17, icmp4: 1, icmp6: 58, gre: 47, esp: 50 };
  const number = protocol === 'icmp' ? (isIPv4(to) ? 1 : 58) : (numbers[protocol] ?? Number(protocol));
  if (rule.protocol && numbers[rule.protocol] !== number) return false;
  // Incus matches the address family before the protocol, so ICMP of the other family never matches.
  if (rule.protocol === 'icmp4' && !isIPv4(to)) return false;
  if (rule.protocol === 'icmp6' && isIPv4(to)) return false;
  if (rule.icmp_type && rule.icmp_type !== String(icmpType)) return false;
  const ports = rule.destination_port?.split(',').map((item) => item.split('-').map(Number));
  const onPort = !ports || ports.some(([first = 0, last = first]) => first <= port! && port! <= last);
  return onPort && contains(rule.source, from) && contains(rule.destination, to);
}

/** The verdict of Incus: drop rules first, then allow rules, then the default. */
function judge(rules: readonly IncusRule[], passage: Passage): 'dropped' | 'allowed' | 'default' {
  const matching = rules.filter((rule) => concerns(rule, passage));
  if (matching.some(({ action }) => action === 'drop')) return 'dropped';
  return matching.length > 0 ? 'allowed' : 'default';
}

/** The verdict of a bridge's single chain: ingress rules match the outgoing port, egress rules the incoming port. */
export const onBridge = (rules: IncusRules, passage: Passage): ReturnType<typeof judge> =>
  judge(
    [...(isOnPort(passage.from) ? rules.egress : []), ...(isOnPort(passage.to) ? rules.ingress : [])],
    passage,
  );

/**
 * The verdict of OVN: the rules of the port through which the packet enters, and of the port through which it leaves.
 */
export function onOvn(team: readonly InstanceFirewall[], passage: Passage): ReturnType<typeof judge> {
  const rules = ovnRules(team, NETWORK);
  const of = (address: string): IncusRules | undefined =>
    rules.find(({ ref }) => ref === owner(team, address)?.ref)?.rules;
  return judge([...(of(passage.from)?.egress ?? []), ...(of(passage.to)?.ingress ?? [])], passage);
}

const owner = (team: readonly InstanceFirewall[], address: string): InstanceFirewall | undefined =>
  team.find(({ addresses }) => addresses.ipv4 === address || addresses.ipv6 === address);

/** The verdict of the firewalls: both sides must allow the packet. */
function isAllowed(team: readonly InstanceFirewall[], { from, to, ...content }: Passage): boolean {
  if (UNROUTED.flat().includes(to as never)) return false;
  const judgeSide = (direction: Direction, self: string, peer: string): boolean => {
    if (!isOnPort(self)) return true;
    const side = owner(team, self);
    return side !== undefined && evaluate(side.policies, { direction, peer, ...content }).allowed;
  };
  return judgeSide('outbound', from, to) && judgeSide('inbound', to, from);
}

/**
 * Whether the rules must let a packet pass: the verdict of the firewalls, with one exception. Inside the network, unnamed
 * protocols pass over IPv6 only where ICMPv6 is allowed too.
 */
export function passes(team: readonly InstanceFirewall[], passage: Passage): boolean {
  const isNamed = ['tcp', 'udp', 'icmp', 6, 17, 58].includes(passage.protocol);
  const isSpared = !isIPv4(passage.to) && isInside(passage.from) && isInside(passage.to) && !isNamed;
  return isAllowed(team, passage) && (!isSpared || isAllowed(team, { ...passage, protocol: 'icmp' }));
}

/** The firewalls of an instance with the addresses of {@link INSIDE} at this index. */
export const instance = (
  index: 0 | 1 | 2,
  own: Policies,
  families: 'both' | 'ipv4' | 'ipv6' = 'both',
): InstanceFirewall => ({
  ref: { teamId: 7, name: `vps-${index}` },
  addresses: {
    ipv4: families === 'ipv6' ? null : INSIDE[0][index],
    ipv6: families === 'ipv4' ? null : INSIDE[1][index],
  },
  policies: own,
});
