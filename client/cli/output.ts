/** Members of a list that are shown first, if they are there. */
const FIRST = ['id', 'key', 'name', 'type', 'status', 'state', 'role', 'plan', 'resource_profile', 'version'];
/** Most columns of a table. */
const MOST_COLUMNS = 8;
/** Most characters of a cell. */
const WIDTH = 40;

type Row = Record<string, unknown>;

/**
 * Control characters, and those that turn the text around: they could change what a terminal shows, and names are chosen by
 * others. Lines and tabs are none of them.
 */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

export const printable = (text: string): string =>
  text.replaceAll(HIDDEN, (character) => (/[\n\t]/.test(character) ? character : '\ufffd'));

export const asJson = (answer: unknown): string =>
  JSON.stringify(answer, null, 2).replaceAll(HIDDEN, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** An answer as people read it: lists as tables, anything else as lines of a name and a value. */
export function asTable(answer: unknown): string {
  const { data, pagination: _, ...rest } = (answer ?? {}) as Row;
  if (Array.isArray(data)) return tableOf(data.map((one) => (isRow(one) ? one : { value: one })));
  const whole = data === undefined ? rest : { ...rest, data };
  const lists = Object.entries(whole).filter(([, value]) => isList(value)) as [string, Row[]][];
  const facts = Object.fromEntries(Object.entries(whole).filter(([, value]) => !isList(value)));
  if (lists.length === 1 && Object.keys(facts).length === 0) return tableOf(lists[0]![1]);
  return [factsOf(facts), ...lists.map(([name, rows]) => `\n${oneLine(name)}\n${tableOf(rows)}`)].join('\n');
}

const isList = (value: unknown): value is Row[] =>
  Array.isArray(value) && value.length > 0 && value.every(isRow);

function tableOf(rows: readonly Row[]): string {
  if (rows.length === 0) return 'Nothing.';
  const names = columnsOf(rows);
  const cells = [names.map(cellOf), ...rows.map((row) => names.map((name) => cellOf(row[name])))];
  const widths = names.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function columnsOf(rows: readonly Row[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) =>
    rows.every((row) => typeof row[name] !== 'object' || row[name] === null),
  );
  const first = FIRST.filter((name) => names.includes(name));
  const columns = [...first, ...names.filter((name) => !first.includes(name))].slice(0, MOST_COLUMNS);
  return columns.length > 0 ? columns : Object.keys(rows[0]!);
}

const oneLine = (text: string): string => printable(text).replaceAll(/\s+/g, ' ');

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const text = oneLine(typeof value === 'object' ? JSON.stringify(value) : String(value));
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
}

/** Names and values; those of members that are objects below their own name. */
function factsOf(answer: Row): string {
  const facts = flatten(answer);
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  // Further lines of a value stand below it, and not where a name would.
  const gap = `\n${' '.repeat(width + 2)}`;
  return facts
    .map(([name, value]) => `${name.padEnd(width)}  ${value.replaceAll('\n', gap)}`.trimEnd())
    .join('\n');
}

const flatten = (row: Row, above = ''): [string, string][] =>
  Object.entries(row).flatMap(([name, value]) => {
    const here = `${above}${name}`;
    if (isRow(value)) return flatten(value, `${here}.`);
    const text = Array.isArray(value) ? JSON.stringify(value) : String(value ?? '-');
    return [[oneLine(here), printable(text)]];
  });
