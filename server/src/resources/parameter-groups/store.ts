import { type Selectable, sql } from 'kysely';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import type { ParameterGroups } from '../../db/schema.gen.ts';
import { PROVIDERS } from '../../services/registry.ts';

export type ParameterGroup = Selectable<ParameterGroups>;

/** The team's own groups and those of the system. */
const visible = (db: Queryable, teamId: number) =>
  db
    .selectFrom('parameter_groups')
    .where((eb) => eb.or([eb('team_id', '=', teamId), eb('team_id', 'is', null)]));

/** Newest first, those of the system last. `limit` and `offset` count rows. */
export const listGroups = (
  db: Queryable,
  teamId: number,
  limit: number,
  offset: number,
): Promise<ParameterGroup[]> =>
  visible(db, teamId)
    .selectAll()
    .orderBy(sql`team_id is null`)
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute();

export async function countGroups(db: Queryable, teamId: number): Promise<number> {
  const row = await visible(db, teamId)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return row.count;
}

export const findGroup = (db: Queryable, teamId: number, id: number): Promise<ParameterGroup | undefined> =>
  visible(db, teamId).selectAll().where('id', '=', id).executeTakeFirst();

/** The same, unchanged by others until the transaction ends. */
export const holdGroup = (tx: Tx, teamId: number, id: number): Promise<ParameterGroup | undefined> =>
  visible(tx, teamId).selectAll().where('id', '=', id).forShare().executeTakeFirst();

/** The group that the team's new instances of this engine have where none is named, held as above. */
export const holdDefaultGroup = (
  tx: Tx,
  teamId: number,
  provider: string,
  version: string,
): Promise<ParameterGroup | undefined> =>
  tx
    .selectFrom('parameter_groups')
    .selectAll()
    .where('team_id', '=', teamId)
    .where('provider', '=', provider)
    .where('is_default', '=', true)
    .where('is_active', '=', true)
    .where((eb) => eb.or([eb('family', '=', version), eb('family', 'is', null)]))
    // One for this very version comes first.
    .orderBy('family', (order) => order.asc().nullsLast())
    .limit(1)
    .forShare()
    .executeTakeFirst();

/** The same as {@link findGroup}, and nobody else changes the row or begins to use it until the transaction ends. */
export const lockGroup = (tx: Tx, teamId: number, id: number): Promise<ParameterGroup | undefined> =>
  visible(tx, teamId).selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

/** One empty, unchangeable group for each engine: what an instance has that names no group. */
export async function ensureSystemGroups(database: Database): Promise<void> {
  await database.db
    .insertInto('parameter_groups')
    .values(
      PROVIDERS.map(({ id, kind, name }) => ({
        name: `default.${id}`,
        type: kind,
        provider: id,
        description: `What Danube sets for ${name}, and nothing else.`,
        is_default: true,
      })),
    )
    .onConflict((conflict) => conflict.column('provider').where('team_id', 'is', null).doNothing())
    .execute();
}
