import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Queryable } from '../db/database.ts';
import type { SearchPart, SearchTerm } from './parts.ts';

/** Something that was found. */
export interface Found {
  type: string;
  id: string;
  name: string;
  status: string | null;
  /** What it was found by. */
  match: 'id' | 'name' | 'address' | 'tag';
  created_at: Date;
}

/** Most resources of one kind that are looked at for each way to find them. */
const MOST = 20;

/** Resources of a team that a text finds, of these parts, the best first: at most 20 of each kind and way. One statement. */
export async function findResources(
  db: Queryable,
  parts: readonly SearchPart[],
  term: SearchTerm,
): Promise<Found[]> {
  const ways = parts.flatMap((part) => waysOf(part, term));
  if (ways.length === 0) return [];
  const { rows } = await sql<Found>`${sql.join(ways, sql` union all `)}`.execute(db);
  const best = new Map<string, Found>();
  for (const row of rows.toSorted((a, b) => rank(a, term) - rank(b, term) || +b.created_at - +a.created_at)) {
    const key = `${row.type} ${row.id}`;
    if (!best.has(key)) best.set(key, row);
  }
  return [...best.values()];
}

/** Exact names first, then what a person may have typed the beginning of. */
function rank({ match, name }: Found, { text }: SearchTerm): number {
  const lower = name.toLowerCase();
  if (match === 'id' || match === 'address' || lower === text) return 0;
  if (match === 'tag') return 2;
  return lower.startsWith(text) ? 1 : 3;
}

function waysOf(part: SearchPart, term: SearchTerm): RawBuilder<Found>[] {
  const name = sql.ref(part.name);
  const id = idCondition(part, term.text);
  return [
    select(part, term, 'name', sql`lower(${name}) = ${term.text}`),
    select(part, term, 'name', sql`${name} ilike ${anywhere(term.text)}`),
    ...(id ? [select(part, term, 'id', id)] : []),
    ...(part.further?.(term) ?? []).map(({ by, condition }) => select(part, term, by, condition)),
  ];
}

const select = (
  { type, table, id, name, status, only }: SearchPart,
  { teamId }: SearchTerm,
  by: Found['match'],
  condition: RawBuilder<SqlBool>,
): RawBuilder<Found> => sql`
  (select ${type}::text as type, ${sql.ref(id.column)}::text as id, ${sql.ref(name)} as name,
    ${status === null ? sql`null::text` : sql.ref(status)} as status, ${by}::text as match, created_at
  from ${sql.table(table)} where team_id = ${teamId} and ${only ?? sql`true`} and ${condition}
  order by created_at desc limit ${MOST})`;

/** The text of a `like` that finds it anywhere. */
const anywhere = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;

/** The condition for ids that a text begins; null where it cannot be one: fewer than 8 digits are rather a part of a name. */
function idCondition({ id: { column, form } }: SearchPart, text: string): RawBuilder<SqlBool> | null {
  const id = sql.ref(column);
  if (form === 'number') return /^[1-9]\d{0,14}$/.test(text) ? sql`${id} = ${text}::bigint` : null;
  const digits = text.replaceAll('-', '');
  if (!/^[0-9a-f]{8,32}$/.test(digits)) return null;
  return sql`${id} between ${digits.padEnd(32, '0')}::uuid and ${digits.padEnd(32, 'f')}::uuid`;
}
