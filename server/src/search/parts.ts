import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { UUID } from '../lib/ids.ts';

/** A searchable kind of resource: a table, or some rows of one. A module lists its own. */
export interface SearchPart {
  /** Its `resource_type`. */
  type: string;
  /** Used in sentences: `server`. */
  noun: string;
  /** Its table, which has the columns `team_id` and `created_at`, and an index for {@link SearchPart.name}: see migration 0031_search. */
  table: string;
  /** The column with its id. */
  id: { column: string; form: 'uuid' | 'number' };
  /** The column by which events name it, where that is another. */
  eventId?: { column: string; form: 'uuid' };
  name: string;
  /** The column with its status; null: it has none. */
  status: string | null;
  /** Narrows the rows of the table. */
  only?: RawBuilder<SqlBool>;
  /** Other ways to find it. */
  further?: (term: SearchTerm) => readonly FurtherMatch[];
}

/** What somebody looks for, in a team. */
export interface SearchTerm {
  teamId: number;
  /** In lower case. */
  text: string;
}

/** A condition on rows of a part's table. */
export interface FurtherMatch {
  by: 'address' | 'tag';
  condition: RawBuilder<SqlBool>;
}

const parts = new Map<string, SearchPart>();

/** Registers the parts of all modules. */
export function registerSearch(list: readonly SearchPart[]): void {
  for (const part of list) parts.set(part.type, part);
}

export const allParts = (): readonly SearchPart[] => [...parts.values()];

/** The word for a type of resource in sentences. */
export const nounOfType = (type: string): string => parts.get(type)?.noun ?? type.replaceAll(/[-_]/g, ' ');

/** SQL that selects `id`, as events have it, and `name` of resources; null where nothing is known of the type. */
export function namesQuery(
  type: string,
  ids: readonly string[],
): RawBuilder<{ id: string; name: string }> | null {
  const part = parts.get(type);
  if (!part) return null;
  const { column, form } = part.eventId ?? part.id;
  const possible = ids.filter((id) => (form === 'uuid' ? UUID.test(id) : /^\d{1,15}$/.test(id)));
  return sql`select ${sql.ref(column)}::text as id, ${sql.ref(part.name)} as name from ${sql.table(part.table)}
    where ${sql.ref(column)} = any(${possible}::${sql.raw(form === 'uuid' ? 'uuid' : 'bigint')}[])`;
}
