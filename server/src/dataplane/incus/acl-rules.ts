import {
  EVERYBODY,
  FAMILIES,
  type Family,
  includes,
  parseAddress,
  parseBlock,
  type RangeSet,
  subtract,
  union,
} from '../../lib/packet-filter/addresses.ts';
import { type AllowedPeers, type CompiledPolicies, compile } from '../../lib/packet-filter/compile.ts';
import type { Policies } from '../../lib/packet-filter/policy.ts';
import { type UnorderedRule, unorderedRules } from '../../lib/packet-filter/unordered.ts';
import type { InstanceFirewall, TenantNetwork } from '../contract/networks.ts';
import type { InstanceRef } from '../contract/refs.ts';
import { type IncusRule, type IncusRules, type RulesOfOne, render, renderShared } from './incus-rules.ts';

/**
 * Compiles firewalls into rules of Incus network ACLs. Incus applies all drop rules that match a packet first, then
 * allow rules, then the default, which is `drop` here.
 *
 * A packet between two instances of a team meets the rules of both in one chain, and must pass only if both allow it.
 * Hence:
 *
 * - What an instance forbids of tcp and udp becomes drop rules.
 *
 * - Outbound allow rules cover only routed traffic, through the gateway. To a neighbour, the neighbour's inbound rule
 *   is the one that allows. Link-local and multicast addresses are left out, as they would reach neighbours past their
 *   rules.
 *
 * - ICMP and other protocols that an instance may not send to a neighbour are left out of that neighbour's inbound
 *   rules. Drop rules cannot do this: they cannot say "any protocol but", and one for ICMPv6 would also stop neighbour
 *   discovery. For the same reason, an instance may send only tcp and udp to a neighbour to which it may not send
 *   ICMPv6. This is the one place where less passes than the firewalls say.
 */

/** Addresses that are never routed: they reach only neighbours and the host. */
const UNROUTED: Record<Family, RangeSet> = {
  ipv4: union(['169.254.0.0/16', '224.0.0.0/4', '255.255.255.255'].map(parseBlock)),
  ipv6: union(['fe80::/10', 'ff00::/8'].map(parseBlock)),
};

/**
 * ICMPv6 types of neighbour solicitation and advertisement, without which instances cannot find each other over IPv6.
 */
const NEIGHBOUR_DISCOVERY = ['135', '136'];

/**
 * The rules of a team's bridge, for the one ACL of its network: the rules of all instances, with their addresses.
 * Instances share equal rules, so a team has about as many rules as it has different firewalls, however many instances
 * there are: Incus rewrites all rules when one changes. An instance without firewall cannot send anything, not even to
 * a neighbour that would accept it. Throws `UncompilablePolicies`.
 */
export function bridgeRules(firewalls: readonly InstanceFirewall[], network: TenantNetwork): IncusRules {
  const discovery = NEIGHBOUR_DISCOVERY.map(
    (icmp_type): IncusRule => ({
      action: 'allow',
      state: 'enabled',
      source: network.ipv6.subnet,
      protocol: 'icmp6',
      icmp_type,
    }),
  );
  const rules: IncusRules = { ingress: [], egress: discovery };
  for (const team of teams(firewalls, network)) {
    const { family } = team;
    rules.egress.push(...render(dropAll(team.strangers), family, 'source', 'network'));
    const inbound = team.members.map(
      (member): RulesOfOne => ({ address: member.address, rules: team.inboundRules(member) }),
    );
    const outbound = team.members.map(
      (member): RulesOfOne => ({ address: member.address, rules: team.outboundRules(member) }),
    );
    rules.ingress.push(...renderShared(inbound, family, 'destination'));
    rules.egress.push(...renderShared(outbound, family, 'source'));
  }
  return rules;
}

/**
 * The rules of a team's OVN network: for each instance, the rules of the ACL on its NIC. OVN filters at the receiver's
 * port by the rules of both ports, so the rules are those of a bridge without the instance's own address. Incus itself
 * allows neighbour discovery there. Throws `UncompilablePolicies`.
 */
export function ovnRules(
  firewalls: readonly InstanceFirewall[],
  network: TenantNetwork,
): { ref: InstanceRef; rules: IncusRules }[] {
  const rules = new Map(firewalls.map(({ ref }) => [ref, { ingress: [], egress: [] } as IncusRules]));
  for (const team of teams(firewalls, network)) {
    const { family } = team;
    for (const member of team.members) {
      const { ingress, egress } = rules.get(member.ref)!;
      const inbound = [...dropAll(team.strangers), ...team.inboundRules(member)];
      ingress.push(...render(inbound, family, 'source', 'nic'));
      egress.push(...render(team.outboundRules(member), family, 'destination', 'nic'));
    }
  }
  return [...rules].map(([ref, ofInstance]) => ({ ref, rules: ofInstance }));
}

interface Member {
  ref: InstanceRef;
  address: bigint;
  compiled: CompiledPolicies;
}

/** Cache of compiled policies. From one push to the next, most instances of a team keep the same policy objects. */
const compiledOf = new WeakMap<Policies, CompiledPolicies>();
const rulesOf = new WeakMap<AllowedPeers, { network: string; rules: UnorderedRule[] }>();

function compileAll(firewalls: readonly InstanceFirewall[]): CompiledPolicies[] {
  const alike = new Map<string, CompiledPolicies>();
  return firewalls.map(({ policies }) => {
    const known = compiledOf.get(policies);
    if (known) return known;
    // The policies of most instances are equal but for the ids of their firewalls.
    const key = JSON.stringify(policies, (name, value: unknown) => (name === 'id' ? undefined : value));
    const compiled = alike.get(key) ?? compile(policies);
    alike.set(key, compiled);
    compiledOf.set(policies, compiled);
    return compiled;
  });
}

/** The team's firewalls, split by address family. */
function teams(firewalls: readonly InstanceFirewall[], network: TenantNetwork): Team[] {
  const compiled = compileAll(firewalls);
  return FAMILIES.map((family) => {
    const members = firewalls.flatMap(({ ref, addresses }, index) => {
      const address = addresses[family];
      return address === null
        ? []
        : [{ ref, address: parseAddress(address).value, compiled: compiled[index]! }];
    });
    return new Team(family, members, network);
  });
}

/** The firewalls of a team in one address family, and how they restrict each other. */
class Team {
  readonly family: Family;
  readonly members: readonly Member[];
  readonly #network: string;
  readonly #subnet: RangeSet;
  readonly #gateway: RangeSet;
  /** The instances that may not send to each neighbour, by protocol. */
  readonly #restricted: Record<'icmp' | 'other', Member[]>;

  constructor(family: Family, members: readonly Member[], network: TenantNetwork) {
    this.family = family;
    this.members = members;
    this.#network = Object.values(network[family]).join();
    const subnet = parseBlock(network[family].subnet);
    this.#subnet = [subnet];
    this.#gateway = [parseBlock(network[family].gateway)];
    const isRestricted = (peers: RangeSet): boolean =>
      !peers.some(({ first, last }) => first <= subnet.first && last >= subnet.last);
    const restricted = (protocol: 'icmp' | 'other') =>
      members.filter(({ compiled }) => isRestricted(compiled.outbound[family][protocol]));
    this.#restricted = { icmp: restricted('icmp'), other: restricted('other') };
  }

  /** Addresses of the team's network without a firewall. */
  get strangers(): RangeSet {
    const known = this.members.map(({ address }) => ({ first: address, last: address }));
    return subtract(this.#subnet, union(known, this.#gateway));
  }

  inboundRules(member: Member): UnorderedRule[] {
    const allowed = member.compiled.inbound[this.family];
    const senders = (protocol: 'icmp' | 'other'): RangeSet =>
      union(
        this.#restricted[protocol]
          .filter((sender) => !includes(sender.compiled.outbound[this.family][protocol], member.address))
          .map(({ address }) => ({ first: address, last: address })),
      );
    const [noIcmp, noOther] = [senders('icmp'), senders('other')];
    const rules = (): UnorderedRule[] => {
      const icmp = subtract(allowed.icmp, noIcmp);
      const other = subtract(allowed.other, noOther);
      return unorderedRules(this.#sparingDiscovery({ ...allowed, icmp, other }), this.family);
    };
    return noIcmp.length + noOther.length > 0 ? rules() : this.#once(allowed, rules);
  }

  outboundRules(member: Member): UnorderedRule[] {
    const allowed = member.compiled.outbound[this.family];
    return this.#once(allowed, () => {
      const unrouted = union(subtract(this.#subnet, this.#gateway), UNROUTED[this.family]);
      return unorderedRules(this.#sparingDiscovery(allowed), this.family, {
        scope: subtract(EVERYBODY[this.family], unrouted),
        shared: this.#subnet,
      });
    });
  }

  /** Caches rules that depend on these peers and the network only. */
  #once(allowed: AllowedPeers, make: () => UnorderedRule[]): UnorderedRule[] {
    const known = rulesOf.get(allowed);
    if (known?.network === this.#network) return known.rules;
    const rules = make();
    rulesOf.set(allowed, { network: this.#network, rules });
    return rules;
  }

  /** Drops "other protocols" where they would also require dropping ICMPv6 between neighbours. */
  #sparingDiscovery(allowed: AllowedPeers): AllowedPeers {
    if (this.family === 'ipv4') return allowed;
    const withoutIcmp = subtract(this.#subnet, allowed.icmp);
    return { ...allowed, other: subtract(allowed.other, withoutIcmp) };
  }
}

const dropAll = (peers: RangeSet): UnorderedRule[] =>
  peers.length === 0 ? [] : [{ action: 'drop', protocol: 'any', ports: null, peers }];
