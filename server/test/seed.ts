/** The seed of this run's random choices; the same `DANUBE_TEST_SEED` repeats them. */
export const SEED = Number(process.env.DANUBE_TEST_SEED ?? Date.now() % 1_000_000);

/** For the names and reports of tests that depend on the seed. */
export const REPEAT = `DANUBE_TEST_SEED=${SEED} repeats`;

/** Repeatable random numbers from 0 to below 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** True in `npm run test:exhaustive`: run all cases instead of a sample. */
export const EXHAUSTIVE = process.env.DANUBE_TEST_EXHAUSTIVE === '1';

/** A sample of this size, in the original order, chosen by the seed. All of them in an exhaustive run. */
export function sample<T>(all: readonly T[], size: number): T[] {
  if (EXHAUSTIVE) return [...all];
  const random = randomFrom(SEED);
  const chosen = new Set<T>(
    all
      .map((value) => ({ value, rank: random() }))
      .sort((a, b) => a.rank - b.rank)
      .slice(0, size)
      .map(({ value }) => value),
  );
  return all.filter((value) => chosen.has(value));
}
