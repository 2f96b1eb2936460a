import { type Canvas, countRanges } from './canvas.ts';
import type { KnownRule, PortRange } from './compile.ts';
import type { Direction, Policies, Protocol } from './policy.ts';
import { UncompilablePolicies } from './uncompilable.ts';

/**
 * Rules without order that the policies of one instance may become. 100 rules become at most 828: k rules with ports of
 * one protocol in one direction make at most 2k + 1 intervals of ports, each of them in at most one allow and one drop
 * rule, in two families: 4 (2k + 1). Over two protocols and two directions these are 8 · 100 + 16, and each direction
 * and family has at most 3 rules without ports.
 */
export const MAX_RULES = 1_000;

/**
 * Ranges of ports and addresses in these rules. nftables loads so many in 30 ms; a change loads the rules of all
 * instances of a team, and is to take effect within a second.
 */
export const MAX_ELEMENTS = 10_000;

/** Ranges of addresses that the policies may name, and that the compiled sets may have: bounds of time and memory. */
const MAX_NAMED = 20_000;
const MAX_COMPILED = 100_000;

/**
 * Work that compiling may be, as {@link workOf} counts it: 100 rules with ports and 20 addresses each are 0.8 million.
 * A million take up to 0.2 s, in which a process does nothing else.
 */
export const MAX_WORK = 1_000_000;

/** So many rules are blamed at most. */
const MAX_BLAMED = 5;

/**
 * How much work it is to compile the policies of one instance: cells to paint, at most. Reads no addresses, so it is
 * cheap for any policies.
 */
export function workOf(policies: Policies): number {
  const rules = policies.flat();
  const inDirection = (direction: Direction): number => {
    const own = rules.filter((rule) => rule.direction === direction);
    const segments = 1 + 2 * own.reduce((sum, { peers }) => sum + (peers?.length ?? 0), 0);
    const intervals = (wanted: Protocol): number =>
      1 + 2 * own.filter(({ ports, protocol }) => ports && protocol === wanted).length;
    return segments * (intervals('tcp') + intervals('udp') + 4);
  };
  return inDirection('inbound') + inDirection('outbound');
}

/** Counts what policies become, and throws `UncompilablePolicies` as soon as it is too much. */
export class SizeMeter {
  readonly #policies: readonly KnownRule[];
  #rules = 0;
  #elements = 0;
  #compiled = 0;

  constructor(policies: readonly KnownRule[]) {
    this.#policies = policies;
    if (workOf([policies.map(({ rule }) => rule)]) > MAX_WORK) throw this.#tooLarge();
    const named = policies.reduce((sum, { peers }) => sum + peers.ipv4.length + peers.ipv6.length, 0);
    if (named > MAX_NAMED) throw this.#tooLarge();
  }

  /**
   * Counts the rules that allow `canvas` on `ports` beside one that allows `open`, for any protocol: see
   * `unorderedRules`.
   */
  count(canvas: Canvas, open: Canvas | null, ports: readonly PortRange[]): void {
    const allowed = countRanges(canvas, open);
    const dropped = open ? countRanges(open, canvas) : 0;
    for (const peers of [allowed, dropped].filter((ranges) => ranges > 0)) {
      this.#rules += 1;
      this.#elements += peers + ports.length;
    }
    this.#compiled += countRanges(canvas, null);
    const tooLarge =
      this.#rules > MAX_RULES || this.#elements > MAX_ELEMENTS || this.#compiled > MAX_COMPILED;
    if (tooLarge) throw this.#tooLarge();
  }

  #tooLarge(): UncompilablePolicies {
    return new UncompilablePolicies(
      'too_large',
      'Taken together, the rules name too many different combinations of addresses and ports.',
      blame(this.#policies),
    );
  }
}

/**
 * The rules that contribute most, as ids, until they make up half of the whole. A rule's addresses appear once for each
 * interval of ports that edges of other rules cut its own ports into.
 */
function blame(policies: readonly KnownRule[]): string[] {
  const weighed = policies.map(({ rule, peers }) => {
    const inside = (port: number): boolean =>
      !rule.ports || (rule.ports.first < port && port <= rule.ports.last);
    const edges = policies.flatMap(({ rule: other }) =>
      other.ports &&
      other.direction === rule.direction &&
      (rule.protocol === 'any' || rule.protocol === other.protocol)
        ? [other.ports.first, other.ports.last + 1].filter(inside)
        : [],
    );
    return { id: rule.id, weight: (peers.ipv4.length + peers.ipv6.length) * (1 + new Set(edges).size) };
  });
  weighed.sort((a, b) => b.weight - a.weight);
  const half = weighed.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let sum = 0;
  return weighed
    .filter(({ weight }) => {
      const isNeeded = sum < half;
      sum += weight;
      return isNeeded;
    })
    .slice(0, MAX_BLAMED)
    .map(({ id }) => id);
}
