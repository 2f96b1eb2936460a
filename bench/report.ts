/** One comparison: Danube's figure and the lower bound, measured in the same run. */
export interface Row {
  name: string;
  ours: number;
  floor: number;
  floorName: string;
  unit: string;
  aim: string;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

/** Prints the figures of each round, which the table's medians leave out. */
export function printRounds(what: string, sides: Record<string, readonly number[]>): void {
  const figures = Object.entries(sides).map(
    ([side, values]) => `${side} ${values.map((each) => each.toFixed(2)).join(' ')}`,
  );
  process.stdout.write(`${what}: ${figures.join('; ')}\n`);
}

/** A Markdown table of the rows. */
export function table(rows: Row[]): string {
  return [
    '| what | Danube | floor | unit | ratio | aim |',
    '|---|---:|---:|---|---:|---|',
    ...rows.map(
      (row) =>
        `| ${row.name} | ${figure(row.ours)} | ${figure(row.floor)} (${row.floorName}) | ${row.unit} | ${(row.ours / row.floor).toFixed(2)} | ${row.aim} |`,
    ),
  ].join('\n');
}

/** The document with these figures of a benchmark, which stand between two marks. Throws where it has no place for them. */
export function withFigures(document: string, benchmark: string, figures: string): string {
  const start = `<!-- figures of ${benchmark} -->\n`;
  const end = '<!-- end of figures -->';
  const [before, rest] = split(document, start, benchmark);
  const [, after] = split(rest, end, benchmark);
  return `${before}${start}\n${figures}\n\n${end}${after}`;
}

function split(text: string, mark: string, benchmark: string): [string, string] {
  const index = text.indexOf(mark);
  if (index < 0) throw new Error(`docs/benchmarks.md has no place for the figures of ${benchmark}.`);
  return [text.slice(0, index), text.slice(index + mark.length)];
}
