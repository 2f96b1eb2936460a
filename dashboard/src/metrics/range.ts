/** The length of each range in seconds. */
export const RANGES: Record<string, number> = { '1h': 3600, '6h': 21_600, '24h': 86_400, '7d': 604_800 };

/** Shorter ones have less than three measurements, in milliseconds. */
const SHORTEST_MS = 45_000;

/** A range that somebody has chosen in a graph: two times in milliseconds since 1970, such as `1768469400000-1768469700000`. */
const CHOSEN = /^(\d{12,14})-(\d{12,14})$/;

/** The range that an address names, or the last hour. */
export const rangeOf = ({ range }: Record<string, unknown>): string =>
  typeof range === 'string' && (range in RANGES || isChosen(range)) ? range : '1h';

/** Whether it stands still, unlike the last hour. */
export function isChosen(range: string): boolean {
  const [, from, to] = CHOSEN.exec(range) ?? [];
  return from !== undefined && Number(to) - Number(from) >= SHORTEST_MS;
}

/** The beginning and the end of a range, in milliseconds. */
export function spanOf(range: string, now: number): { from: number; to: number } {
  const [, from, to] = CHOSEN.exec(range) ?? [];
  if (from !== undefined) return { from: Number(from), to: Number(to) };
  return { from: now - RANGES[range]! * 1000, to: now };
}

/** The range between two moments, in either order; null where it is too short to show anything. */
export function rangeBetween(one: number, other: number): string | null {
  const range = [one, other]
    .sort((a, b) => a - b)
    .map((at) => Math.round(at))
    .join('-');
  return isChosen(range) ? range : null;
}
