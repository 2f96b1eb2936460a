/** Figures as people read them. */

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;
const GB = 1024 ** 3;

/** Percent of its limit from which a bucket is nearly full. */
export const NEAR_PERCENT = 80;

/** `1.4 GB`; 1 KB is 1,024 bytes. */
export function humanBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${Number(value.toFixed(value < 10 && power > 0 ? 1 : 0))} ${UNITS[power]}`;
}

export const humanPeriod = (period: number, unit: 'days' | 'years'): string =>
  `${period} ${period === 1 ? unit.slice(0, -1) : unit}`;

/** What it costs a month to store that much, in cents: each GB that is begun. `centsPerGb`: the operator’s price. */
export const costCents = (bytes: number, centsPerGb: number): number =>
  Math.ceil(Math.ceil(bytes / GB) * centsPerGb);
