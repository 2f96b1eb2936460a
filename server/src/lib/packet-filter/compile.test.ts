import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addresses, contents, policies } from '../../../test/random-policies.ts';
import { FAMILIES, formatRange, includes, parseAddress } from './addresses.ts';
import { type CompiledPolicies, compile } from './compile.ts';
import { evaluate, type Packet } from './evaluate.ts';
import type { Policies, PolicyRule } from './policy.ts';
import { MAX_ELEMENTS, MAX_RULES } from './size.ts';
import { UncompilablePolicies } from './uncompilable.ts';
import { type UnorderedRule, unorderedRules } from './unordered.ts';

const DIRECTIONS = ['inbound', 'outbound'] as const;

/** The verdict of a data plane: drop rules first, then allow rules, then drop. */
function judge(compiled: CompiledPolicies, packet: Packet): boolean {
  const { family, value } = parseAddress(packet.peer);
  const icmp = family === 'ipv4' ? 1 : 58;
  const numbers: Record<string, number> = { tcp: 6, udp: 17, icmp, gre: 47, esp: 50 };
  const number = (protocol: string | number): number | undefined =>
    typeof protocol === 'number' ? protocol : numbers[protocol];
  const matching = unorderedRules(compiled[packet.direction][family], family).filter(
    ({ protocol, ports, peers }) =>
      (protocol === 'any' || number(protocol) === number(packet.protocol)) &&
      (!ports || ports.some(({ first, last }) => first <= packet.port! && packet.port! <= last)) &&
      includes(peers, value),
  );
  return matching.length > 0 && matching.every(({ action }) => action === 'allow');
}

const allRules = (compiled: CompiledPolicies): UnorderedRule[] =>
  DIRECTIONS.flatMap((direction) =>
    FAMILIES.flatMap((family) => unorderedRules(compiled[direction][family], family)),
  );

const rule = (index: number, parts: Partial<PolicyRule>): PolicyRule => ({
  id: `r${index}`,
  direction: 'inbound',
  action: 'allow',
  protocol: 'tcp',
  ports: null,
  peers: null,
  ...parts,
});

const refusal = (compiledPolicies: Policies): UncompilablePolicies => {
  try {
    compile(compiledPolicies);
  } catch (error) {
    if (error instanceof UncompilablePolicies) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'it was not refused' });
};

describe('compiled policies', () => {
  const packets = fc
    .tuple(fc.constantFrom(...DIRECTIONS), addresses, contents)
    .map(([direction, peer, content]): Packet => ({ direction, peer, ...content }));

  it('allow what the ordered rules allow', () => {
    const property = fc.property(policies(), fc.array(packets, { minLength: 20 }), (some, sent) => {
      const compiled = compile(some);
      for (const packet of sent) {
        assert.equal(judge(compiled, packet), evaluate(some, packet).allowed, JSON.stringify(packet));
      }
    });
    fc.assert(property, { numRuns: 1_500 });
  });

  it('do so with rules for GRE and ESP, or name those that cannot be enforced', () => {
    const protocols = ['gre', 'esp', 'any', 'tcp'] as const;
    const property = fc.property(policies(protocols), fc.array(packets, { minLength: 20 }), (some, sent) => {
      let compiled: CompiledPolicies;
      try {
        compiled = compile(some);
      } catch (error) {
        assert.ok(error instanceof UncompilablePolicies && error.reason === 'unsupported_protocol');
        assert.ok(some.flat().some(({ protocol }) => protocol === 'gre' || protocol === 'esp'));
        return;
      }
      for (const packet of sent) {
        assert.equal(judge(compiled, packet), evaluate(some, packet).allowed, JSON.stringify(packet));
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('name the rules for GRE and ESP that differ from those for other protocols', () => {
    const allowed = rule(1, { protocol: 'gre', peers: ['203.0.113.7'] });
    assert.deepEqual(refusal([[allowed]]).ruleIds, ['r1']);
    assert.match(refusal([[allowed]]).message, /gre/);
    const denied = rule(2, { protocol: 'esp', direction: 'outbound', action: 'deny' });
    assert.deepEqual(refusal([[denied]]).ruleIds, ['r2']);
    // GRE is denied like everything else, and allowed like everything else.
    compile([
      [rule(3, { protocol: 'gre', action: 'deny' })],
      [rule(4, { protocol: 'esp', direction: 'outbound' })],
    ]);
  });

  it('are rejected for an invalid address, with the rule that has it', () => {
    const error = refusal([[rule(1, {}), rule(2, { peers: ['10.0.0.0/8', '10.0.0.256'] })]]);
    assert.deepEqual([error.reason, error.ruleIds], ['invalid_address', ['r2']]);
    assert.match(error.message, /10\.0\.0\.256/);
  });
});

describe('rules without order', () => {
  const peers = ['203.0.113.0/24'];
  const texts = (some: PolicyRule[]): string[] =>
    unorderedRules(compile([some]).inbound.ipv4, 'ipv4').map(({ action, protocol, ports, peers: set }) => {
      const range = ({ first, last }: { first: number; last: number }): string => `${first}-${last}`;
      return `${action} ${protocol} ${ports?.map(range) ?? 'all'} ${set.map((one) => formatRange('ipv4', one))}`;
    });
  const port = (index: number, parts: Partial<PolicyRule> = {}): PolicyRule =>
    rule(index, { ports: { first: index, last: index }, ...parts });

  it('combine ports with the same allowed peers', () => {
    assert.deepEqual(texts([port(22), port(443), port(23), port(80, { peers })]), [
      'allow tcp 22-23,443-443 0.0.0.0/0',
      'allow tcp 80-80 203.0.113.0/24',
    ]);
    assert.deepEqual(texts([rule(1, { protocol: 'any', peers }), port(22, { peers })]), [
      'allow any all 203.0.113.0/24',
    ]);
  });

  it('drop what "other protocols" would also allow', () => {
    const any = rule(9, { protocol: 'any', peers });
    assert.deepEqual(texts([port(23, { action: 'deny' }), port(22, { action: 'deny' }), any]), [
      'drop tcp 22-23 203.0.113.0/24',
      'allow any all 203.0.113.0/24',
    ]);
    const other = ['198.51.100.7'];
    const onlyOther = [port(22, { peers: other }), rule(8, { action: 'deny' }), any];
    assert.deepEqual(texts(onlyOther), [
      'drop tcp all 203.0.113.0/24',
      'allow tcp 22-22 198.51.100.7',
      'allow any all 203.0.113.0/24',
    ]);
    assert.deepEqual(texts([rule(8, { protocol: 'icmp', action: 'deny' }), any]), [
      'drop icmp all 203.0.113.0/24',
      'allow any all 203.0.113.0/24',
    ]);
  });
});

describe('the size of compiled policies', () => {
  /** Overlapping ranges of ports like stairs, where each edge begins another combination. */
  const stairs = (index: number): PolicyRule['ports'] => ({ first: 1_000 + index, last: 2_000 + index });
  const indexes = Array.from({ length: 100 }, (_, index) => index);
  const host = (block: 1 | 2, index: number): string[] => [
    `10.${block}.0.${index}`,
    `2001:db8:${block}::${index.toString(16)}`,
  ];
  const hosts = (block: 1 | 2): string[] => [`10.${block}.0.0/25`, `2001:db8:${block}::/121`];

  it('stays under the limit of rules for the worst hundred rules', () => {
    // Each step removes one peer from those allowed any protocol, and one from those allowed this protocol only.
    for (const direction of DIRECTIONS) {
      for (const protocol of ['tcp', 'udp'] as const) {
        const steps = indexes
          .slice(0, 97)
          .map((index) => ({ ports: stairs(index), peers: [...host(1, index), ...host(2, index)] }));
        const { length } = allRules(
          compile([
            [
              ...steps.map((step, index) => rule(index, { ...step, direction, protocol, action: 'deny' })),
              rule(97, { direction, protocol, peers: hosts(1) }),
              rule(98, { direction, protocol: 'any', peers: hosts(2) }),
              rule(99, { direction, protocol: 'any', action: 'deny' }),
            ],
          ]),
        );
        assert.ok(length > 750 && length < MAX_RULES, `${length} rules`);
      }
    }
  });

  it('stays under the limit of rules for random rules', () => {
    const property = fc.property(policies(), (some) => {
      const { length } = allRules(compile(some));
      assert.ok(length <= 8 * some.flat().length + 28, `${length} rules`);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('is rejected where it explodes, with the rules that cause it', () => {
    const many = (index: number, count: number): string[] =>
      Array.from({ length: count }, (_, host) => `10.${index}.${host >> 7}.${(host & 127) * 2}`);
    const exploding = indexes.map((index) => rule(index, { ports: stairs(index), peers: many(index, 100) }));
    assert.equal(refusal([exploding]).reason, 'too_large');

    const one = rule(100, { protocol: 'any', peers: many(200, 1_000) });
    const harmless = indexes
      .slice(0, 99)
      .map((index) => rule(index, { ports: stairs(index), peers: many(index, 1) }));
    const error = refusal([[...harmless.slice(0, 50), one], harmless.slice(50)]);
    assert.deepEqual([error.reason, error.ruleIds], ['too_large', ['r100']]);
  });

  it('is rejected for more addresses than can be processed', () => {
    const list = Array.from(
      { length: 21_000 },
      (_, host) => `10.${host >> 14}.${(host >> 7) & 127}.${(host & 127) * 2}`,
    );
    assert.deepEqual(refusal([[rule(1, { peers: ['10.0.0.1'] }), rule(2, { peers: list })]]).ruleIds, ['r2']);
  });

  it('leaves room for long lists', () => {
    const list = Array.from({ length: 4_000 }, (_, host) => `10.0.${host >> 7}.${(host & 127) * 2}`);
    const web = [80, 443].map((port) => rule(port, { ports: { first: port, last: port }, peers: list }));
    const rules = allRules(compile([[...web, rule(1, { protocol: 'icmp', peers: list })]]));
    const elements = rules.reduce((sum, { ports, peers }) => sum + peers.length + (ports?.length ?? 0), 0);
    assert.ok(elements > 8_000 && elements < MAX_ELEMENTS, `${elements} elements`);
  });
});
