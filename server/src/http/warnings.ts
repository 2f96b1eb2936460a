import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import type { DB } from '../db/schema.gen.ts';
import type { Listing } from './listing.ts';
import { List, Text } from './schema.ts';

/** Member of answers to writes: what was done as it was asked, and may not be what was meant. */
export const Warnings = List(
  Text(700, 'Another server is called web-1, too. Its id is 0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e.'),
  { maxItems: 10, description: 'What was accepted, but may not be what you mean. Usually empty.' },
);

/**
 * Warns of another item of the list with the same name, since people and command lines go by names. `query` selects the
 * items that may be meant; `noun` is what one of them is called in a sentence.
 */
export async function warnOfNamesake<T extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, T, Row>,
  list: Listing,
  noun: string,
  { id, name }: { id: string | number; name: string },
): Promise<string[]> {
  const itsId = sql.ref(list.id.column);
  const others = query
    .clearSelect()
    .select(sql<string | number>`${itsId}`.as('id'))
    // The indexes of names are those that the search uses.
    .where(sql<SqlBool>`lower(${sql.ref(list.name)}) = lower(${name})`)
    .where(sql<SqlBool>`${sql.ref(list.name)} = ${name}`)
    .where(sql<SqlBool>`${itsId} <> ${id}`)
    .limit(1) as unknown as SelectQueryBuilder<DB, T, { id: string | number }>;
  const other = await others.executeTakeFirst();
  return other ? [`Another ${noun} is called ${name}, too. Its id is ${other.id}.`] : [];
}
