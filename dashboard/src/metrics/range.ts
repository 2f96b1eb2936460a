/** The length of each range in seconds. */
export const RANGES: Record<string, number> = { '1h': 3600, '6h': 21_600, '24h': 86_400, '7d': 604_800 };

/** The range that an address names, or the last hour. */
export const rangeOf = (search: Record<string, unknown>): string =>
  typeof search.range === 'string' && search.range in RANGES ? search.range : '1h';
