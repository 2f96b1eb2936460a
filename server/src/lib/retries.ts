const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Seconds between an attempt and the next one: 14 further attempts in three days. */
export const PAUSES: readonly number[] = [
  5,
  30,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  12 * HOUR,
  12 * HOUR,
  12 * HOUR,
  12 * HOUR,
  8 * HOUR,
];

/** Share of a pause that is left to chance, so that what failed together does not come back together. */
const JITTER = 0.2;

/** Seconds until the next attempt after the `tries`-th one has failed; null: there is none. `random`: from 0 to 1. */
export function pauseAfter(tries: number, random = Math.random()): number | null {
  const pause = PAUSES[tries - 1];
  return pause === undefined ? null : pause * (1 - JITTER / 2 + JITTER * random);
}
