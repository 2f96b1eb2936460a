import assert from 'node:assert/strict';
import { BlockList, isIPv4 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Contents, contents, policies } from '../../../test/random-policies.ts';
import { evaluate } from '../../lib/packet-filter/evaluate.ts';
import type { Direction, Policies, PolicyRule } from '../../lib/packet-filter/policy.ts';
import type { InstanceFirewall } from '../contract/networks.ts';
import { bridgeRules, ovnRules } from './acl-rules.ts';
import type { IncusRule, IncusRules } from './incus-rules.ts';

const NETWORK = {
  ipv4: { subnet: '10.64.4.0/22', gateway: '10.64.4.1' },
  ipv6: { subnet: 'fd12:3456:789a:1::/64', gateway: 'fd12:3456:789a:1::1' },
};
/** Addresses of the team's network: three instances', the gateway's, and the IPv4 broadcast address. */
const INSIDE = [
  ['10.64.4.10', '10.64.4.11', '10.64.4.12', '10.64.4.1', '10.64.7.255'],
  ['fd12:3456:789a:1::a', 'fd12:3456:789a:1::b', 'fd12:3456:789a:1::c', 'fd12:3456:789a:1::1'],
] as const;
const ROUTED = [
  ['0.0.0.1', '10.64.3.255', '10.64.8.0', '128.0.0.0', '203.0.113.7', '223.255.255.255', '255.255.255.254'],
  ['::1', '::1:0:0:0', '2001:db8::1', 'fd12:3456:789a:0:ffff:ffff:ffff:ffff', 'fd12:3456:789a:2::', 'fec0::'],
] as const;
const UNROUTED = [
  ['169.254.169.254', '224.0.0.251', '239.255.255.255', '255.255.255.255'],
  ['fe80::1', 'febf:ffff::', 'ff02::1', 'ff02::1:ff00:a', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
] as const;

type Passage = Contents & { from: string; to: string; icmpType?: number };

const isGateway = (address: string): boolean =>
  address === NETWORK.ipv4.gateway || address === NETWORK.ipv6.gateway;
const isInside = (address: string): boolean => INSIDE.flat().includes(address as never);
/** Whether packets to or from this address cross the bridge through an instance's port. */
const isOnPort = (address: string): boolean => isInside(address) && !isGateway(address);

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
const onBridge = (rules: IncusRules, passage: Passage): ReturnType<typeof judge> =>
  judge(
    [...(isOnPort(passage.from) ? rules.egress : []), ...(isOnPort(passage.to) ? rules.ingress : [])],
    passage,
  );

/** The verdict of OVN: the rules of the port the packet enters by and of the port it leaves by. */
function onOvn(team: readonly InstanceFirewall[], passage: Passage): ReturnType<typeof judge> {
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

/** The one exception: inside the network, other protocols pass over IPv6 only where ICMPv6 is allowed too. */
function passes(team: readonly InstanceFirewall[], passage: Passage): boolean {
  const isNamed = ['tcp', 'udp', 'icmp', 6, 17, 58].includes(passage.protocol);
  const isSpared = !isIPv4(passage.to) && isInside(passage.from) && isInside(passage.to) && !isNamed;
  return isAllowed(team, passage) && (!isSpared || isAllowed(team, { ...passage, protocol: 'icmp' }));
}

const instance = (
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

const SSH: PolicyRule = {
  id: 'ssh',
  direction: 'inbound',
  action: 'allow',
  protocol: 'tcp',
  ports: { first: 22, last: 22 },
  peers: null,
};
const OUTSIDE_IPV4 =
  '0.0.0.0-10.64.3.255,10.64.4.1,10.64.8.0-169.253.255.255,169.255.0.0-223.255.255.255,240.0.0.0-255.255.255.254';
const OUTSIDE_IPV6 =
  '::-fd12:3456:789a:0:ffff:ffff:ffff:ffff,fd12:3456:789a:1::1,fd12:3456:789a:2::-fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff,fec0::/10';

describe('rules for Incus', () => {
  const families = fc.constantFrom('both', 'both', 'both', 'ipv4', 'ipv6');
  // Some have the same firewalls as the one before.
  const teams = fc.array(fc.tuple(policies(), families, fc.boolean()), { maxLength: 3 }).map((members) =>
    members.map(([own, stack, isLike], index) => {
      const before = members[index - 1]?.[0];
      return instance(index as 0 | 1 | 2, before && isLike ? structuredClone(before) : own, stack);
    }),
  );
  const passages = fc
    .constantFrom(0, 1)
    .chain((family) => {
      const inside = fc.constantFrom(...INSIDE[family]!);
      const outside = fc.constantFrom(...ROUTED[family]!);
      return fc.oneof(
        fc.tuple(inside, inside),
        fc.tuple(inside, outside),
        fc.tuple(outside, inside),
        fc.tuple(inside, fc.constantFrom(...UNROUTED[family]!)),
      );
    })
    .filter(([from, to]) => from !== to && (isOnPort(from) || isOnPort(to)))
    .chain((ends) => contents.map((content): Passage => ({ from: ends[0], to: ends[1], ...content })));

  it('allow on a bridge what both sides allow', () => {
    const property = fc.property(teams, fc.array(passages, { minLength: 20 }), (team, sent) => {
      const rules = bridgeRules(team, NETWORK);
      for (const passage of sent) {
        const found = onBridge(rules, passage) === 'allowed';
        assert.equal(found, passes(team, passage), JSON.stringify(passage));
      }
    });
    fc.assert(property, { numRuns: 700 });
  });

  it('allow on OVN what both sides allow', () => {
    // A packet between two ports without firewall meets no rule there, and the default drops it.
    const property = fc.property(
      teams,
      fc.array(passages, { minLength: 10, maxLength: 20 }),
      (team, sent) => {
        for (const passage of sent) {
          const found = onOvn(team, passage) === 'allowed';
          assert.equal(found, passes(team, passage), JSON.stringify(passage));
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it('never stop instances with firewalls from finding each other', () => {
    const property = fc.property(teams, fc.constantFrom(135, 136), (team, icmpType) => {
      const rules = bridgeRules(team, NETWORK);
      const known = team.flatMap(({ addresses }) => addresses.ipv6 ?? []);
      for (const from of known) {
        for (const to of [...known, NETWORK.ipv6.gateway, 'ff02::1:ff00:a'].filter(
          (other) => other !== from,
        )) {
          const passage: Passage = { from, to, protocol: 58, port: null, icmpType };
          assert.equal(onBridge(rules, passage), 'allowed');
          assert.notEqual(onOvn(team, passage), 'dropped');
        }
      }
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('are accepted by Incus', () => {
    const property = fc.property(teams, (team) => {
      const { ingress, egress } = bridgeRules(team, NETWORK);
      for (const list of [ingress, egress]) {
        assert.equal(new Set(list.map((rule) => JSON.stringify(rule))).size, list.length, 'no rule twice');
        list.forEach(assertValid);
      }
      for (const { rules } of ovnRules(team, NETWORK))
        [...rules.ingress, ...rules.egress].forEach(assertValid);
    });
    fc.assert(property, { numRuns: 300 });
  });

  function assertValid(rule: IncusRule): void {
    const items = [rule.source, rule.destination].flatMap((list) => list?.split(',') ?? []);
    const ipv4 = items.filter((item) => !item.includes(':'));
    assert.ok(ipv4.length === 0 || ipv4.length === items.length, `one family: ${items}`);
    if (rule.protocol === 'icmp4') assert.equal(ipv4.length, items.length);
    if (rule.protocol === 'icmp6') assert.equal(ipv4.length, 0);
    const ends = items.flatMap((item) => item.split('-'));
    assert.ok(!ends.some((end) => /^::ffff:[^:]+:[^:]+$/.test(end)), `Incus would read IPv4: ${items}`);
    if (rule.destination_port) assert.match(rule.protocol ?? '', /^(tcp|udp)$/);
    for (const item of rule.destination_port?.split(',') ?? []) {
      const [first = -1, last] = item.split('-').map(Number);
      assert.ok(first >= 0 && (last ?? first) <= 65_535 && (last === undefined || first < last), item);
    }
  }

  it('contain on a bridge the rules of all instances, with their addresses', () => {
    const ping: PolicyRule = {
      ...SSH,
      id: 'ping',
      protocol: 'icmp',
      ports: null,
      peers: ['203.0.113.0/24', '2001:db8::/32'],
    };
    const { ingress, egress } = bridgeRules([instance(0, [[SSH, ping]]), instance(1, [], 'ipv6')], NETWORK);
    const discovery = {
      action: 'allow',
      state: 'enabled',
      source: 'fd12:3456:789a:1::/64',
      protocol: 'icmp6',
    };
    const mine = { action: 'allow', state: 'enabled' };
    assert.deepEqual(ingress, [
      { ...mine, destination: '10.64.4.10', protocol: 'tcp', destination_port: '22' },
      { ...mine, destination: '10.64.4.10', source: '203.0.113.0/24', protocol: 'icmp4' },
      { ...mine, destination: 'fd12:3456:789a:1::a', protocol: 'tcp', destination_port: '22' },
      { ...mine, destination: 'fd12:3456:789a:1::a', source: '2001:db8::/32', protocol: 'icmp6' },
    ]);
    assert.deepEqual(egress, [
      { ...discovery, icmp_type: '135' },
      { ...discovery, icmp_type: '136' },
      { action: 'drop', state: 'enabled', source: '10.64.4.0,10.64.4.2-10.64.4.9,10.64.4.11-10.64.7.255' },
      { ...mine, source: '10.64.4.10', destination: OUTSIDE_IPV4 },
      {
        action: 'drop',
        state: 'enabled',
        source:
          'fd12:3456:789a:1::,fd12:3456:789a:1::2-fd12:3456:789a:1::9,fd12:3456:789a:1::c-fd12:3456:789a:1:ffff:ffff:ffff:ffff',
      },
      { ...mine, source: 'fd12:3456:789a:1::a/127', destination: OUTSIDE_IPV6 },
    ]);
  });

  it('contain on OVN the rules of one instance, without its address', () => {
    const noMail: PolicyRule = {
      ...SSH,
      id: 'mail',
      direction: 'outbound',
      action: 'deny',
      ports: { first: 25, last: 25 },
      peers: ['0.0.0.0/0'],
    };
    const [first, ...others] = ovnRules([instance(0, [[SSH], [noMail]], 'ipv4')], NETWORK);
    assert.deepEqual(others, []);
    assert.equal(first?.ref.name, 'vps-0');
    const mail = { protocol: 'tcp', destination_port: '25' };
    assert.deepEqual(first?.rules, {
      ingress: [
        { action: 'drop', state: 'enabled', source: '10.64.4.0,10.64.4.2-10.64.4.9,10.64.4.11-10.64.7.255' },
        {
          action: 'allow',
          state: 'enabled',
          source: '0.0.0.0/1,128.0.0.0/1',
          protocol: 'tcp',
          destination_port: '22',
        },
      ],
      egress: [
        {
          action: 'drop',
          state: 'enabled',
          destination: '0.0.0.0-169.253.255.255,169.255.0.0-223.255.255.255,240.0.0.0-255.255.255.254',
          ...mail,
        },
        { action: 'allow', state: 'enabled', destination: OUTSIDE_IPV4 },
      ],
    });
  });

  it('keep an instance from a neighbour that would accept its packets', () => {
    const closed: PolicyRule = {
      ...SSH,
      id: 'closed',
      direction: 'outbound',
      action: 'deny',
      protocol: 'any',
      ports: null,
    };
    const web: PolicyRule = {
      ...closed,
      id: 'web',
      action: 'allow',
      protocol: 'tcp',
      ports: { first: 443, last: 443 },
    };
    const open: PolicyRule = { ...closed, id: 'open', direction: 'inbound', action: 'allow' };
    const rules = bridgeRules([instance(0, [[web, closed]]), instance(1, [[open]])], NETWORK);
    const send = (content: Contents, family: 0 | 1): string =>
      onBridge(rules, { from: INSIDE[family][0], to: INSIDE[family][1], ...content });
    for (const family of [0, 1] as const) {
      assert.equal(send({ protocol: 'tcp', port: 443 }, family), 'allowed');
      for (const protocol of ['tcp', 'udp', 'icmp', 'gre'] as const) {
        assert.notEqual(send({ protocol, port: 80 }, family), 'allowed', protocol);
      }
    }
  });
});
