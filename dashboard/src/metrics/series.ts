/** A measurement: milliseconds since 1970, and the value; null where nothing was measured. */
export interface Point {
  at: number;
  value: number | null;
}

/** The upper end of an axis: a round number that is not less than the highest value. */
export function ceilingOf(values: readonly number[], unit: string): number {
  const highest = Math.max(0, ...values);
  if (unit === '%') return highest > 50 ? 100 : highest > 20 ? 50 : 25;
  if (highest === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 5, 10].map((step) => step * power).find((one) => one >= highest) ?? highest;
}

/** The path of a line through the points, in a box of 100 by 100; gaps stay gaps. */
export function pathOf(points: readonly Point[], from: number, to: number, ceiling: number): string {
  let pen = 'M';
  const parts: string[] = [];
  for (const { at, value } of points) {
    if (value === null) {
      pen = 'M';
      continue;
    }
    const x = ((at - from) / (to - from)) * 100;
    const y = 100 - (Math.min(value, ceiling) / ceiling) * 100;
    parts.push(`${pen}${x.toFixed(2)} ${y.toFixed(2)}`);
    pen = 'L';
  }
  return parts.join('');
}

/** The point nearest to a moment that has a value. */
export function nearest(points: readonly Point[], at: number): Point | undefined {
  let best: Point | undefined;
  for (const point of points) {
    if (point.value === null) continue;
    if (!best || Math.abs(point.at - at) < Math.abs(best.at - at)) best = point;
  }
  return best;
}
