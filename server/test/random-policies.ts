import fc from 'fast-check';
import type { Packet } from '../src/lib/packet-filter/evaluate.ts';
import type { Policies, PolicyRule, Protocol } from '../src/lib/packet-filter/policy.ts';

/**
 * Random policies and packets for property tests. Addresses and ports come from small pools of adjacent and extreme
 * values, so that rules overlap, touch and hide each other, and packets hit their edges.
 */

const IPV4 = ['0.0.0.0', '0.0.0.1', '10.64.4.9', '10.64.4.10', '10.64.4.11', '10.64.4.12', '10.64.8.0']
  .concat(['127.255.255.255', '128.0.0.0', '203.0.113.7', '203.0.113.8', '255.255.255.254'])
  .concat(['255.255.255.255']);
const IPV6 = ['::', '::1', '::fffe:ffff:ffff', '::1:0:0:0', '2001:db8::', '2001:db8::1', '2001:db8:0:1::']
  .concat(['fd12:3456:789a:1::a', 'fd12:3456:789a:1::b', '7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '8000::'])
  .concat(['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']);
const PORTS = [0, 1, 21, 22, 23, 24, 443, 65_534, 65_535];

export const addresses = fc.oneof(fc.constantFrom(...IPV4), fc.constantFrom(...IPV6));

const blocks = fc.oneof(
  addresses,
  fc.tuple(fc.constantFrom(...IPV4), fc.integer({ min: 0, max: 32 })).map((parts) => parts.join('/')),
  fc.tuple(fc.constantFrom(...IPV6), fc.integer({ min: 0, max: 128 })).map((parts) => parts.join('/')),
  fc.constantFrom('0.0.0.0/0', '::/0', '10.64.4.8/30', '10.64.4.0/22', '203.0.113.0/24', '::fffe:0:0/96'),
  fc.constantFrom('fd12:3456:789a:1::/64', 'fd12:3456:789a:1::8/125', '::1:0:0:0/80', '2001:db8::/64'),
);

const portRanges = fc
  .tuple(fc.constantFrom(...PORTS), fc.constantFrom(...PORTS))
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));

const rules = (protocols: readonly Protocol[]): fc.Arbitrary<PolicyRule> =>
  fc
    .record({
      direction: fc.constantFrom('inbound', 'outbound'),
      action: fc.constantFrom('allow', 'deny'),
      protocol: fc.constantFrom(...protocols),
      ports: fc.option(portRanges),
      peers: fc.option(fc.array(blocks, { maxLength: 4 })),
    })
    .map((rule) => ({
      ...rule,
      id: 'rule',
      ports: rule.protocol === 'tcp' || rule.protocol === 'udp' ? rule.ports : null,
    }));

/** Several firewalls with several rules each; those with rules for GRE or ESP may be rejected. */
export const policies = (
  protocols: readonly Protocol[] = ['tcp', 'udp', 'icmp', 'any'],
): fc.Arbitrary<Policies> => fc.array(fc.array(rules(protocols), { maxLength: 7 }), { maxLength: 3 });

export type Contents = Pick<Packet, 'protocol' | 'port'>;

/** A packet without its addresses. 132 is SCTP; 1 and 58 are ICMP in one family, and have no meaning in the other. */
export const contents: fc.Arbitrary<Contents> = fc.oneof(
  fc.record({
    protocol: fc.constantFrom<Packet['protocol']>('tcp', 'udp', 6, 17),
    port: fc.constantFrom(...PORTS),
  }),
  fc.record({
    protocol: fc.constantFrom<Packet['protocol']>('icmp', 'gre', 'esp', 1, 58, 47, 50, 132),
    port: fc.constant(null),
  }),
);
