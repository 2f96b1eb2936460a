import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { policies } from '../../../test/random-policies.ts';
import {
  FAMILIES,
  type Family,
  formatRange,
  parseAddress,
  parseBlock,
} from '../../lib/packet-filter/addresses.ts';
import { compile } from '../../lib/packet-filter/compile.ts';
import { type UnorderedRule, unorderedRules } from '../../lib/packet-filter/unordered.ts';
import { type IncusRule, type RulesOfOne, render, renderShared } from './incus-rules.ts';

const BASE = { ipv4: parseAddress('10.64.4.0').value, ipv6: parseAddress('fd12:3456:789a:1::').value };
const SSH: UnorderedRule = {
  action: 'allow',
  protocol: 'tcp',
  ports: [{ first: 22, last: 22 }],
  peers: [parseBlock('0.0.0.0/0')],
};
const WEB: UnorderedRule = { ...SSH, ports: [{ first: 80, last: 80 }] };

const addressOf = (family: Family, host: number): bigint => BASE[family] + BigInt(host);
const nameOf = (family: Family, address: bigint): string =>
  formatRange(family, { first: address, last: address });
const text = (rule: IncusRule): string => JSON.stringify(Object.entries(rule).toSorted());

/** The rule once for each address that it names on the side of its instances. */
function apart(rule: IncusRule, ownField: 'source' | 'destination', family: Family): IncusRule[] {
  const rules: IncusRule[] = [];
  for (const item of rule[ownField]!.split(',')) {
    const [first = '', last = first] = item.split('-');
    for (let own = parseBlock(first).first; own <= parseBlock(last).last; own += 1n) {
      rules.push({ ...rule, [ownField]: nameOf(family, own) });
    }
  }
  return rules;
}

describe('rules of several instances', () => {
  it('are each there once, with the addresses of all that have it', () => {
    const all = [[SSH], [SSH, WEB], [{ ...SSH }], [WEB]].map(
      (rules, index): RulesOfOne => ({ address: addressOf('ipv4', 10 + index), rules }),
    );
    const tcp = { action: 'allow', state: 'enabled', protocol: 'tcp' };
    assert.deepEqual(renderShared(all, 'ipv4', 'destination'), [
      { ...tcp, destination_port: '22', destination: '10.64.4.10-10.64.4.12' },
      { ...tcp, destination_port: '80', destination: '10.64.4.11,10.64.4.13' },
    ]);
  });

  it('say what the rules of each say', () => {
    const directions = fc.constantFrom('inbound', 'outbound');
    const kinds = fc.array(policies(), { minLength: 1, maxLength: 3 });
    const hosts = fc.integer({ min: 10, max: 60 });
    const members = fc.uniqueArray(fc.tuple(hosts, fc.nat()), { maxLength: 30, selector: ([host]) => host });
    const property = fc.property(
      fc.constantFrom(...FAMILIES),
      directions,
      kinds,
      members,
      (family, direction, own, chosen) => {
        const ownField = direction === 'inbound' ? 'destination' : 'source';
        const all = chosen.map(([host, kind]): RulesOfOne => {
          // Made anew for each: what is equal has to be found, not only what is the same object.
          const allowed = compile(own[kind % own.length]!)[direction][family];
          return { address: addressOf(family, host), rules: unorderedRules(allowed, family) };
        });
        const alone = all.flatMap(({ address, rules }) =>
          render(rules, family, direction === 'inbound' ? 'source' : 'destination', 'network').map(
            (rule) => ({ ...rule, [ownField]: nameOf(family, address) }),
          ),
        );
        const shared = renderShared(all, family, ownField);
        const together = shared.flatMap((rule) => apart(rule, ownField, family));
        assert.deepEqual(together.map(text).sort(), alone.map(text).sort());
        const withoutOwners = shared.map((rule) => text({ ...rule, [ownField]: '' }));
        assert.equal(new Set(withoutOwners).size, shared.length, 'no two rules that could be one');
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});
