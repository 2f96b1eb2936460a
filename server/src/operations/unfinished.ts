import { type RawBuilder, sql } from 'kysely';
import type { Queryable } from '../db/database.ts';

/**
 * In SQL: whether an operation is at work or waits. `table` is what the query calls `operations`. Spelled as in the
 * condition of the index `operations_unfinished`.
 */
export const isUnfinished = (table = 'operations'): RawBuilder<boolean> =>
  sql<boolean>`${sql.ref(`${table}.state`)} in ('queued', 'pending', 'running')`;

/** Whether an operation of the resource is at work or waits. */
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
