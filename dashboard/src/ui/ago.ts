const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** How far a time is from `now`, in words: `3 minutes ago`, `in 3 months`. */
export function ago(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  if (unit === 'second')
    return Math.abs(seconds) < 10 ? 'just now' : RELATIVE.format(Math.round(seconds), unit);
  // What is ahead is nearly always a whole number of days or hours from when it was set, and a moment less when it is shown.
  const round = seconds > 0 ? Math.round : Math.trunc;
  return RELATIVE.format(round(seconds / size), unit);
}
