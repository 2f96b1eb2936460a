import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEvaluator, evaluate, type Packet } from './evaluate.ts';
import type { Policies, PolicyRule } from './policy.ts';

const rule = (id: string, parts: Partial<PolicyRule> = {}): PolicyRule => ({
  id,
  direction: 'inbound',
  action: 'allow',
  protocol: 'any',
  ports: null,
  peers: null,
  ...parts,
});
const packet = (parts: Partial<Packet> = {}): Packet => ({
  direction: 'inbound',
  peer: '203.0.113.7',
  protocol: 'tcp',
  port: 22,
  ...parts,
});
/** The verdict and its cause: `+RULE` or `-RULE`; just `+` or `-` for the default. */
const decision = (policies: Policies, parts: Partial<Packet> = {}): string => {
  const { allowed, decidedBy } = evaluate(policies, packet(parts));
  return `${allowed ? '+' : '-'}${decidedBy?.rule.id ?? ''}`;
};
const ssh = rule('ssh', { protocol: 'tcp', ports: { first: 22, last: 22 } });

describe('a firewall', () => {
  it('allows nothing in and everything out by default', () => {
    for (const policies of [[], [[]], [[rule('other', { peers: [] })]]]) {
      assert.equal(decision(policies), '-');
      assert.equal(decision(policies, { direction: 'outbound' }), '+');
    }
  });

  it('is decided by its first matching rule', () => {
    const denied = rule('denied', { action: 'deny', peers: ['203.0.113.0/24'] });
    assert.equal(decision([[ssh, denied]]), '+ssh');
    assert.equal(decision([[denied, ssh]]), '-denied');
    assert.equal(decision([[denied, ssh]], { peer: '198.51.100.1' }), '+ssh');
    assert.equal(decision([[ssh]], { port: 23 }), '-');
    assert.equal(decision([[ssh]], { protocol: 'udp' }), '-');
    assert.equal(decision([[ssh]], { direction: 'outbound' }), '+');
  });

  it('matches peers', () => {
    const both = [[rule('both', { peers: ['203.0.113.7', '2001:db8::/32'] })]];
    assert.equal(decision(both), '+both');
    assert.equal(decision(both, { peer: '2001:db8:ffff::1' }), '+both');
    assert.equal(decision(both, { peer: '203.0.113.8' }), '-');
    assert.equal(decision(both, { peer: '2001:db9::' }), '-');
    // All addresses of one family include none of the other.
    assert.equal(decision([[rule('ipv4', { peers: ['0.0.0.0/0'] })]], { peer: '2001:db8::1' }), '-');
  });

  it('includes both ends of a range of ports', () => {
    const high = [[rule('high', { protocol: 'tcp', ports: { first: 1_024, last: 65_535 } })]];
    const at = (port: number): string => decision(high, { port });
    assert.deepEqual([1_023, 1_024, 65_535].map(at), ['-', '+high', '+high']);
    const lowest = [[rule('lowest', { protocol: 'tcp', ports: { first: 0, last: 0 } })]];
    assert.equal(decision(lowest, { port: 0 }), '+lowest');
  });

  it('matches protocols by name and number', () => {
    const ping = [[rule('ping', { protocol: 'icmp' })]];
    const of = (protocol: Packet['protocol'], peer: string): string =>
      decision(ping, { protocol, peer, port: null });
    assert.equal(of('icmp', '203.0.113.7'), '+ping');
    assert.equal(of('icmp', '2001:db8::1'), '+ping');
    assert.equal(of(1, '203.0.113.7'), '+ping');
    assert.equal(of(58, '2001:db8::1'), '+ping');
    assert.equal(of(58, '203.0.113.7'), '-');
    assert.equal(decision([[ssh]], { protocol: 6 }), '+ssh');
    assert.equal(decision([[rule('gre', { protocol: 'gre' })]], { protocol: 47, port: null }), '+gre');
    assert.equal(decision([[rule('any')]], { protocol: 132, port: null }), '+any');
  });
});

describe('several firewalls', () => {
  const web = rule('web', { protocol: 'tcp', ports: { first: 443, last: 443 } });
  const denied = rule('denied', { action: 'deny', protocol: 'tcp' });

  it('allow what one of them allows and none denies', () => {
    assert.equal(decision([[web], [ssh]]), '+ssh');
    assert.equal(decision([[ssh], [denied]]), '-denied');
    assert.equal(decision([[denied], [ssh]]), '-denied');
    // Within one firewall, an allowance before the denial wins.
    assert.equal(decision([[ssh, denied], [web]]), '+ssh');
  });

  it('say which of them decided', () => {
    const judge = createEvaluator([[web], [ssh], [rule('all', { direction: 'outbound', action: 'deny' })]]);
    assert.equal(judge(packet()).decidedBy?.policy, 1);
    assert.equal(judge(packet({ direction: 'outbound' })).decidedBy?.policy, 2);
    assert.equal(judge(packet({ protocol: 'udp' })).decidedBy, null);
  });
});
