import assert from 'node:assert/strict';
import { isIPv6, SocketAddress } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  EVERYBODY,
  formatAddress,
  formatRange,
  InvalidAddress,
  includes,
  intersect,
  parseAddress,
  parseBlock,
  type RangeSet,
  subtract,
  union,
  withoutMappedEdges,
} from './addresses.ts';

const refused = (text: string, sentence: RegExp): void =>
  assert.throws(
    () => parseBlock(text),
    (error) => error instanceof InvalidAddress && sentence.test(error.message),
    text,
  );

/** Many zero bits and one bits, so that runs of zeros of all lengths and positions occur. */
const ipv6Values = fc
  .array(fc.oneof(fc.constant(0n), fc.bigInt(0n, 1n), fc.bigInt(0n, 0xffffn)), { minLength: 8, maxLength: 8 })
  .map((words) => words.reduce((sum, word) => (sum << 16n) | word, 0n));

describe('addresses', () => {
  it('are parsed with and without a prefix, and formatted in the shortest form', () => {
    for (const [text, expected] of [
      ['10.64.4.10', '10.64.4.10'],
      ['10.64.4.10/32', '10.64.4.10'],
      ['10.64.4.0/22', '10.64.4.0/22'],
      ['0.0.0.0/0', '0.0.0.0/0'],
      ['255.255.255.255', '255.255.255.255'],
      ['::', '::'],
      ['::/0', '::/0'],
      ['::1/128', '::1'],
      ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
      ['2001:0db8::0001', '2001:db8::1'],
      ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
      ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
      ['fd12:3456:789a:1::/64', 'fd12:3456:789a:1::/64'],
      ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ] as const) {
      const block = parseBlock(text);
      assert.equal(formatRange(block.family, block), expected);
    }
  });

  it('lose the bits behind the prefix of a block', () => {
    assert.deepEqual(parseBlock('10.0.0.5/24'), parseBlock('10.0.0.0/24'));
    assert.deepEqual(parseBlock('2001:db8::ffff/64'), parseBlock('2001:db8::/64'));
    assert.deepEqual(parseBlock('203.0.113.7/0'), parseBlock('0.0.0.0/0'));
  });

  it('are rejected where they are ambiguous', () => {
    refused('fe80::1%eth0', /zone/);
    refused('fe80::%eth0/10', /zone/);
    refused('::ffff:10.0.0.1', /write 10\.0\.0\.1/);
    refused('::ffff:a00:1/120', /write 10\.0\.0\.1/);
    refused('010.0.0.1', /not an IPv4 or IPv6 address/);
    refused('10.0.0.1/08', /prefix length from 0 to 32/);
    refused('10.0.0.1/33', /from 0 to 32/);
    refused('::/129', /from 0 to 128/);
    refused('::/-1', /from 0 to 128/);
    refused('10.0.0.1/', /prefix length/);
    refused('10.0.0.1/24/24', /prefix length/);
    for (const text of [
      '',
      ' ',
      '10.0.0',
      '10.1',
      '0x0a000001',
      '167772161',
      '1::2::3',
      'localhost',
      '10.0.0.1 ',
    ]) {
      refused(text, /not an IPv4 or IPv6 address/);
    }
    refused('10.0.0.0-10.0.0.9', /not an IPv4 or IPv6 address/);
    refused('/24', /not an IPv4 or IPv6 address/);
  });

  it('are shortened in error messages', () => {
    assert.throws(
      () => parseBlock('9'.repeat(5_000)),
      (error) => error instanceof InvalidAddress && error.message.length < 200,
    );
  });

  it('are never parsed from other text, and survive a round trip', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
        try {
          const { family, value } = parseAddress(text);
          assert.deepEqual(parseAddress(formatAddress(family, value)), { family, value });
        } catch (error) {
          if (!(error instanceof InvalidAddress)) throw error;
        }
      }),
    );
  });

  it('are formatted as the operating system does', () => {
    fc.assert(
      fc.property(ipv6Values, (value) => {
        const text = formatAddress('ipv6', value);
        assert.ok(isIPv6(text), text);
        const { address } = new SocketAddress({ address: text, family: 'ipv6' });
        // The operating system formats IPv4-compatible addresses with dots.
        if (!address.includes('.')) assert.equal(text, address);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('ranges of addresses', () => {
  it('are formatted as a block only where the range is one', () => {
    const range = (first: string, last: string): string =>
      formatRange(parseAddress(first).family, {
        first: parseAddress(first).value,
        last: parseAddress(last).value,
      });
    assert.equal(range('10.0.0.0', '10.0.0.255'), '10.0.0.0/24');
    assert.equal(range('10.0.0.1', '10.0.0.255'), '10.0.0.1-10.0.0.255');
    assert.equal(range('10.0.0.1', '10.0.0.2'), '10.0.0.1-10.0.0.2');
    assert.equal(range('10.0.0.0', '10.0.0.2'), '10.0.0.0-10.0.0.2');
    assert.equal(range('::', '7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), '::/1');
    assert.equal(range('2001:db8::', '2001:db8::1:0'), '2001:db8::-2001:db8::1:0');
  });

  it('have no range edge at an IPv4-mapped address', () => {
    const text = (set: RangeSet): string[] =>
      withoutMappedEdges(set).map((range) => formatRange('ipv6', range));
    const before = [parseBlock('::fffe:0:0/96')];
    assert.deepEqual(text(subtract(EVERYBODY.ipv6, before)), [
      '::-::fffd:ffff:ffff',
      '::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ]);
    assert.deepEqual(text(subtract([parseBlock('::fffe:0:0/95')], before)), []);
    assert.deepEqual(text([parseBlock('::fffe:0:0/95')]), ['::fffe:0:0/96']);
    assert.deepEqual(text(EVERYBODY.ipv6), ['::/0']);
  });
});

describe('sets of addresses', () => {
  const numbers = fc.bigInt(0n, 30n);
  const ranges = fc.array(
    fc.tuple(numbers, fc.bigInt(0n, 5n)).map(([first, size]) => ({ first, last: first + size })),
  );
  const sets = ranges.map((some) => union(some));

  it('contain what their ranges contain', () => {
    fc.assert(
      fc.property(ranges, (some) => {
        for (let value = 0n; value <= 40n; value += 1n) {
          const isIn = some.some(({ first, last }) => first <= value && value <= last);
          assert.equal(includes(union(some), value), isIn);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are joined, subtracted and compared number by number', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        for (let value = 0n; value <= 40n; value += 1n) {
          assert.equal(includes(union(a, b), value), includes(a, value) || includes(b, value));
          assert.equal(includes(intersect(a, b), value), includes(a, value) && includes(b, value));
          assert.equal(includes(subtract(a, b), value), includes(a, value) && !includes(b, value));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('have a canonical form, and leave their inputs unchanged', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const [before, other] = structuredClone([a, b]);
        for (const set of [union(a, b), intersect(a, b), subtract(a, b)]) {
          for (const [index, { first, last }] of set.entries()) {
            assert.ok(first <= last);
            if (index > 0) assert.ok(set[index - 1]!.last + 1n < first, 'neither overlapping nor touching');
          }
        }
        assert.deepEqual([a, b], [before, other]);
        assert.deepEqual(union(subtract(a, b), intersect(a, b)), a);
      }),
    );
  });
});
