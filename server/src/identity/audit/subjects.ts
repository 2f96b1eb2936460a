import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Queryable } from '../../db/database.ts';
import { parseNumberId } from '../../http/schema.ts';
import { UUID } from '../../lib/ids.ts';

/** A resource whose rows the audit log compares before and after a write. */
export interface AuditSubject {
  /** Its `resource_type`, as in events. */
  type: string;
  /** The tables of its columns; their `id` is the same. */
  tables: readonly string[];
  id: 'uuid' | 'number';
  /** Columns that are of no interest, besides those that hold secrets. */
  without?: readonly string[];
}

export type Columns = Record<string, unknown>;

const subjects = new Map<string, AuditSubject>();

/** Registers subjects by the name of their id in paths, for example `vpsInstance`. */
export function registerAuditSubjects(list: Readonly<Record<string, AuditSubject>>): void {
  for (const [parameter, subject] of Object.entries(list)) subjects.set(parameter, subject);
}

export const findSubject = (parameter: string): AuditSubject | undefined => subjects.get(parameter);

/** Columns of no resource's audit: what is sealed or hashed, and what changes with everything. */
const NEVER = /(_sealed|_hash|_at)$|^(revision|applied_revision)$/;

/**
 * The columns of a resource; null where there is none with this id. With `lock`, they stay like that for others until the
 * transaction ends, so that what was there before a write is what the write has replaced.
 */
export async function readColumns(
  db: Queryable,
  { tables, id: form, without = [] }: AuditSubject,
  id: string,
  { lock = false } = {},
): Promise<Columns | null> {
  const [first] = tables;
  const isPossible = form === 'uuid' ? UUID.test(id) : parseNumberId(id) !== null;
  if (!isPossible || first === undefined) return null;
  const columns = sql.join(
    tables.map((table) => sql`to_jsonb(${sql.ref(table)})`),
    sql` || `,
  );
  const joins = tables.slice(1).map((table) => sql`join ${sql.table(table)} using (id)`);
  const { rows } = await sql<{ columns: Columns }>`
    select ${columns} as columns from ${sql.table(first)} ${sql.join(joins, sql` `)} where id = ${id} ${lock ? sql`for no key update` : sql``}`.execute(
    db,
  );
  const found = rows[0]?.columns;
  if (!found) return null;
  return Object.fromEntries(
    Object.entries(found).filter(([name]) => !NEVER.test(name) && !without.includes(name)),
  );
}

/** What differs between two states of a resource; each null where there is nothing to tell. */
export function changesOf(
  before: Columns | null,
  after: Columns | null,
): { before: Columns | null; after: Columns | null } {
  if (!before || !after) return { before, after };
  const names = Object.keys(after).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  const only = (columns: Columns) => Object.fromEntries(names.map((name) => [name, columns[name]]));
  return names.length === 0 ? { before: null, after: null } : { before: only(before), after: only(after) };
}
