/** Length of the intervals of a graph, by how far back it reaches. */
export const RESOLUTIONS = { '24h': '15m', '7d': '1h', '30d': '1d' } as const;
export type TrendWindow = keyof typeof RESOLUTIONS;

const DAY_MS = 86_400_000;
export const WINDOW_MS: Record<TrendWindow, number> = { '24h': DAY_MS, '7d': 7 * DAY_MS, '30d': 30 * DAY_MS };

/** How far back an address wants to look, or a day. */
export const windowOf = ({ window }: Record<string, unknown>): TrendWindow =>
  typeof window === 'string' && window in RESOLUTIONS ? (window as TrendWindow) : '24h';
