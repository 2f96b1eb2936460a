const UNITS = ['', 'k', 'M', 'G', 'T'];

/** A value with its unit, as short as people read it: "41 %", "1.2 MB/s". */
export function formatValue(value: number, unit: string): string {
  if (unit === '%') return `${value.toFixed(value < 10 ? 1 : 0)} %`;
  const power = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), UNITS.length - 1);
  const short = value / 1000 ** power;
  const digits = short < 10 && !(power === 0 && Number.isInteger(short)) ? 1 : 0;
  const ends: Record<string, string> = { bytes: 'B', 'bytes/s': 'B/s', 'ops/s': '/s' };
  const end = `${UNITS[power]}${ends[unit] ?? ''}`;
  return end === '' ? short.toFixed(digits) : `${short.toFixed(digits)} ${end}`;
}
