/**
 * Durations of requests, counted in classes whose upper bounds grow by a half: a percentile is right within that. 30
 * classes reach from one millisecond to more than a minute.
 */
const CLASSES = 30;
const GROWTH = 1.5;

/** Upper bounds of the classes in milliseconds; the last one has none. */
const BOUNDS = Array.from({ length: CLASSES - 1 }, (_, index) => GROWTH ** index);

export const noDurations = (): number[] => new Array<number>(CLASSES).fill(0);

/** The class of a duration. */
export function classOf(milliseconds: number): number {
  const found = BOUNDS.findIndex((bound) => milliseconds <= bound);
  return found < 0 ? CLASSES - 1 : found;
}

/** Adds the counts of other classes to these. */
export function addDurations(into: number[], more: readonly number[]): void {
  for (const [index, count] of more.entries()) into[index] = (into[index] ?? 0) + count;
}

/** The percentile within its class, in milliseconds, and the upper bound of that class. Null where there are none. */
export function percentile(
  durations: readonly number[],
  share: number,
): { value: number; bound: number } | null {
  const wanted = durations.reduce((sum, count) => sum + count, 0) * share;
  let before = 0;
  for (const [index, count] of durations.entries()) {
    if (count > 0 && before + count >= wanted) {
      const lower = index === 0 ? 0 : BOUNDS[index - 1]!;
      const bound = BOUNDS[index] ?? lower * GROWTH;
      return { value: rounded(lower + (bound - lower) * ((wanted - before) / count)), bound: rounded(bound) };
    }
    before += count;
  }
  return null;
}

export const rounded = (value: number): number => Math.round(value * 100) / 100;
