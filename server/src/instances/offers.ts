import type { Queryable } from '../db/database.ts';

/** The plans for a kind of instance, in the order of the price list. */
export const listPlans = (db: Queryable, kind: string) =>
  db
    .selectFrom('plans')
    .selectAll()
    .where('kind', '=', kind)
    .where('enabled', '=', true)
    .orderBy('position')
    .execute();

/** Names of the datacenters that instances can be created in. */
export async function listDatacenters(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectFrom('datacenters')
    .select('name')
    .where('enabled', '=', true)
    .orderBy('name')
    .execute();
  return rows.map((row) => row.name);
}
