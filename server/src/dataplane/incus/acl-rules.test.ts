import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  INSIDE,
  instance,
  isOnPort,
  NETWORK,
  onBridge,
  onOvn,
  type Passage,
  passes,
  ROUTED,
  UNROUTED,
} from '../../../test/incus-verdicts.ts';
import { type Contents, contents, policies } from '../../../test/random-policies.ts';
import type { PolicyRule } from '../../lib/packet-filter/policy.ts';
import { bridgeRules, ovnRules } from './acl-rules.ts';
import type { IncusRule } from './incus-rules.ts';

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
