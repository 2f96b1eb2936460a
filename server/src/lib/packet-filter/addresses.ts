import { isIPv4, isIPv6 } from 'node:net';

/** Addresses as numbers, and sets of them. A set belongs to one family, IPv4 or IPv6, which its context determines. */

export type Family = 'ipv4' | 'ipv6';
export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** First and last address, both inclusive. */
export interface Range {
  first: bigint;
  last: bigint;
}

/** Sorted ranges that neither overlap nor touch, so equal sets have equal ranges. */
export type RangeSet = readonly Range[];

export interface AddressBlock extends Range {
  family: Family;
}

/** Thrown for text that is not an address; `message` is a sentence for its author. */
export class InvalidAddress extends Error {
  override readonly name = 'InvalidAddress';
}

const BITS: Record<Family, number> = { ipv4: 32, ipv6: 128 };

/** All addresses of a family. */
export const EVERYBODY: Record<Family, RangeSet> = {
  ipv4: [{ first: 0n, last: 2n ** 32n - 1n }],
  ipv6: [{ first: 0n, last: 2n ** 128n - 1n }],
};

/** `::ffff:0:0/96`: IPv4-mapped addresses. No packet on the wire has one. */
const MAPPED: Range = { first: 0xffff_0000_0000n, last: 0xffff_ffff_ffffn };

/**
 * Parses an address or CIDR block to the range that it covers. Bits behind the prefix are ignored, as routers do:
 * `10.0.0.5/24` is `10.0.0.0/24`. Throws {@link InvalidAddress} for zones (`fe80::1%eth0`), which are meaningful on one
 * host only; numbers with leading zeros, which some programs read as octal; IPv4-mapped addresses (`::ffff:1.2.3.4`),
 * which no packet carries; and anything else that is not exactly an address.
 */
export function parseBlock(text: string): AddressBlock {
  const slash = text.indexOf('/');
  const { family, value } = parseAddress(slash < 0 ? text : text.slice(0, slash));
  const bits = BITS[family];
  const prefix = slash < 0 ? bits : parsePrefix(text, slash, bits);
  const size = 1n << BigInt(bits - prefix);
  const first = value - (value % size);
  return { family, first, last: first + size - 1n };
}

/** Parses a single address; rejects blocks, and what {@link parseBlock} rejects. */
export function parseAddress(text: string): { family: Family; value: bigint } {
  if (isIPv4(text)) return { family: 'ipv4', value: fromWords(text.split('.').map(Number), 8n) };
  if (text.includes('%'))
    throw new InvalidAddress(`${quote(text)} has a zone; write the address without it.`);
  if (!isIPv6(text)) throw new InvalidAddress(`${quote(text)} is not an IPv4 or IPv6 address or CIDR block.`);
  const value = parseIpv6(text);
  if (isMapped(value)) {
    const ipv4 = formatAddress('ipv4', value - MAPPED.first);
    throw new InvalidAddress(`${quote(text)} is an IPv4 address written as IPv6; write ${ipv4}.`);
  }
  return { family: 'ipv6', value };
}

function parsePrefix(text: string, slash: number, bits: number): number {
  const prefix = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits) {
    throw new InvalidAddress(`${quote(text)} needs a prefix length from 0 to ${bits} after the slash.`);
  }
  return Number(prefix);
}

/** Parses a text that `isIPv6` has accepted. */
function parseIpv6(text: string): bigint {
  const [head = '', tail] = text.split('::').map(toWords);
  if (tail === undefined) return fromWords(head as number[], 16n);
  const zeros = Array<number>(8 - head.length - tail.length).fill(0);
  return fromWords([...(head as number[]), ...zeros, ...tail], 16n);
}

/** The 16-bit words of a part of an IPv6 address, which may end in an IPv4 address. */
function toWords(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((word) => {
    if (!word.includes('.')) return [Number.parseInt(word, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = word.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

const fromWords = (words: readonly number[], bits: bigint): bigint =>
  words.reduce((sum, word) => (sum << bits) | BigInt(word), 0n);

/** Quotes text of a customer, shortened. */
const quote = (text: string): string => `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;

/** The canonical text of an address (RFC 5952). */
export function formatAddress(family: Family, value: bigint): string {
  if (family === 'ipv4') return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const words = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) =>
    ((value >> shift) & 0xffffn).toString(16),
  );
  const text = words.join(':');
  const zeros = [...text.matchAll(/\b0(:0)+\b/g)].sort((a, b) => b[0].length - a[0].length)[0];
  if (!zeros) return text;
  const head = text.slice(0, zeros.index).replace(/:$/, '');
  const tail = text.slice(zeros.index + zeros[0].length).replace(/^:/, '');
  return `${head}::${tail}`;
}

/** `a`, or `a/nn` where the range is a CIDR block, else `a-b`. */
export function formatRange(family: Family, range: Range): string {
  const first = formatAddress(family, range.first);
  if (range.first === range.last) return first;
  const size = range.last - range.first + 1n;
  const isBlock = (size & (size - 1n)) === 0n && range.first % size === 0n;
  if (!isBlock) return `${first}-${formatAddress(family, range.last)}`;
  return `${first}/${BITS[family] - (size.toString(2).length - 1)}`;
}

/** Sorts ranges and joins those that overlap or touch. */
export function union(...sets: readonly (readonly Range[])[]): RangeSet {
  const sorted = sets.flat().sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const joined: Range[] = [];
  for (const { first, last } of sorted) {
    const previous = joined.at(-1);
    if (!previous || first > previous.last + 1n) joined.push({ first, last });
    else if (last > previous.last) previous.last = last;
  }
  return joined;
}

export function intersect(a: RangeSet, b: RangeSet): RangeSet {
  const common: Range[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = a[i]!;
    const y = b[j]!;
    const { first } = x.first > y.first ? x : y;
    const { last } = x.last < y.last ? x : y;
    if (first <= last) common.push({ first, last });
    if (x.last < y.last) i += 1;
    else j += 1;
  }
  return common;
}

/** The addresses in `a` that are not in `b`. */
export function subtract(a: RangeSet, b: RangeSet): RangeSet {
  const rest: Range[] = [];
  let j = 0;
  for (const { first, last } of a) {
    let from = first;
    while (j < b.length && b[j]!.last < from) j += 1;
    for (let k = j; k < b.length && b[k]!.first <= last; k += 1) {
      if (b[k]!.first > from) rest.push({ first: from, last: b[k]!.first - 1n });
      from = b[k]!.last + 1n;
    }
    if (from <= last) rest.push({ first: from, last });
  }
  return rest;
}

/** A binary search: sets can be long, and are searched for every connection of a host. */
export function includes(set: RangeSet, value: bigint): boolean {
  let from = 0;
  for (let to = set.length; from < to; ) {
    const middle = (from + to) >> 1;
    if (set[middle]!.last < value) from = middle + 1;
    else to = middle;
  }
  return from < set.length && set[from]!.first <= value;
}

/**
 * A set of IPv6 addresses for programs, such as those written in Go, that take an IPv4-mapped address for IPv4: no
 * range begins or ends at one. This makes no difference to packets, which never carry such addresses.
 */
export const withoutMappedEdges = (set: RangeSet): RangeSet =>
  set
    .map(({ first, last }) => ({
      first: isMapped(first) ? MAPPED.last + 1n : first,
      last: isMapped(last) ? MAPPED.first - 1n : last,
    }))
    .filter(({ first, last }) => first <= last);

const isMapped = (value: bigint): boolean => value >= MAPPED.first && value <= MAPPED.last;

/** A key that is equal for equal sets only. */
export const rangeKey = (set: RangeSet): string =>
  set.map(({ first, last }) => `${first.toString(36)}-${last.toString(36)}`).join();
