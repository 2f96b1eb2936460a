import { hoursOf, type Line } from './costs.ts';

const COLUMNS: Readonly<Record<string, (line: Line) => string | number>> = {
  month: ({ month }) => month,
  team_id: ({ team_id }) => team_id,
  resource_type: ({ resource_type }) => resource_type,
  resource_id: ({ resource_id }) => resource_id,
  name: ({ name }) => name,
  plan: ({ plan }) => plan,
  monthly_cost_cents: ({ price_cents }) => price_cents,
  from: ({ from }) => from.toISOString(),
  to: ({ to }) => to.toISOString(),
  hours: ({ seconds }) => hoursOf(seconds),
  amount_cents: ({ cents }) => cents,
};

/** The lines as CSV (RFC 4180), with a line of titles. */
export const csvOf = (lines: readonly Line[]): string =>
  [Object.keys(COLUMNS), ...lines.map((line) => Object.values(COLUMNS).map((cell) => cell(line)))]
    .map((cells) => `${cells.map(cellOf).join(',')}\r\n`)
    .join('');

/** Spreadsheets take what begins like this for a formula, also in quotes; names are chosen by customers. */
const FORMULA = /^[=+\-@\t\r]/;

function cellOf(value: string | number): string {
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
