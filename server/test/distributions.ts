/** Whether the times of two kinds of requests tell the kinds apart, on a machine that does other things as well. */

import { randomFrom, SEED } from './seed.ts';

/**
 * By how many standard deviations the rank sum of `one` is off from what it would be if both came from the same distribution
 * (Mann and Whitney's test). Positive where `one` is larger. A few times that took very long count no more than others.
 */
export function rankSum(one: readonly number[], other: readonly number[]): number {
  const ranked = [
    ...one.map((value) => ({ value, isOne: true })),
    ...other.map((value) => ({ value, isOne: false })),
  ].sort((a, b) => a.value - b.value);
  const sum = ranked.reduce((ranks, { isOne }, index) => (isOne ? ranks + index + 1 : ranks), 0);
  const [n, m] = [one.length, other.length];
  return (sum - (n * (n + m + 1)) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** How sure it must be: chance alone gets there once in sixteen thousand times, so twice in a row next to never. */
const DEVIATIONS = 4;
/** A difference that no other host could measure over a network, in milliseconds. */
const NEGLIGIBLE = 0.3;

/** Whether the two differ, and by more than could be measured from elsewhere. */
export const tellsApart = (one: readonly number[], other: readonly number[]): boolean =>
  Math.abs(rankSum(one, other)) > DEVIATIONS && Math.abs(median(one) - median(other)) > NEGLIGIBLE;

/**
 * Measures both kinds `count` times each, in an order that nothing depends on, so that what else happens on the machine meets
 * both alike. `measure` returns milliseconds.
 */
export async function timesOf(
  count: number,
  measure: (isOne: boolean, index: number) => Promise<number>,
): Promise<{ one: number[]; other: number[] }> {
  const random = randomFrom(SEED);
  const order = Array.from({ length: 2 * count }, (_, index) => ({ index, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ index }) => index);
  const times = { one: [] as number[], other: [] as number[] };
  for (const index of order) {
    const isOne = index < count;
    times[isOne ? 'one' : 'other'].push(await measure(isOne, index % count));
  }
  return times;
}
