import { type RawBuilder, sql } from 'kysely';
import type { Queryable } from '../db/database.ts';

/**
 * In SQL: whether an operation is running or waiting. `table` is the alias of `operations` in the query. Written
 * exactly as in the condition of the index `operations_unfinished`.
 */
export const isUnfinished = (table = 'operations'): RawBuilder<boolean> =>
  sql<boolean>`${sql.ref(`${table}.state`)} in ('queued', 'pending', 'running')`;

/** Whether an operation of the resource is running or waiting. */
export async function hasUnfinished(db: Queryable, resourceId: string): Promise<boolean> {
  const found = await db
    .selectFrom('operations')
    .select('id')
    .where('resource_id', '=', resourceId)
    .where(isUnfinished())
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
