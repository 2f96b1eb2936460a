import { type Canvas, countRanges } from './canvas.ts';
import type { KnownRule, PortRange } from './compile.ts';
import type { Direction, Policies, Protocol } from './policy.ts';
import { UncompilablePolicies } from './uncompilable.ts';

/**
 * Most unordered rules that the policies of one instance may compile to. 100 rules compile to at most 828: k rules with
 * ports of one protocol in one direction give at most 2k + 1 intervals of ports, each in at most one allow and one drop
 * rule, in two families: 4 (2k + 1). Over two protocols and two directions that is 8 · 100 + 16, and each direction and
 * family has at most 3 rules without ports.
 */
export const MAX_RULES = 1_000;

/**
 * Most ranges of ports and addresses in these rules. nftables loads this many in 30 ms; a change loads the rules of all
 * instances of a team, and should take effect within a second.
 */
export const MAX_ELEMENTS = 10_000;

/** Most ranges of addresses in the policies, and in the compiled sets: limits time and memory. */
const MAX_NAMED = 20_000;
const MAX_COMPILED = 100_000;

/**
 * Most compile work, as {@link workOf} counts it: 100 rules with ports and 20 addresses each are 0.8 million. A million
 * takes up to 0.2 s, during which the process does nothing else.
 */
export const MAX_WORK = 1_000_000;

/** Most rules that an error names. */
const MAX_BLAMED = 5;

/**
 * Upper bound of the work to compile the policies of one instance: the number of cells to paint. Does not parse
 * addresses, so it is cheap for any policies.
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

/** Counts the size of the result, and throws `UncompilablePolicies` as soon as it is too large. */
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
   * Counts the rules that allow `canvas` on `ports`, next to a rule that allows `open` for any protocol: see
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
 * The ids of the rules that contribute most, until they make up half of the total. A rule's addresses are repeated for
 * each interval that the edges of other rules cut its ports into.
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
