import { type Selectable, sql } from 'kysely';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import type { ParameterGroups } from '../../db/schema.gen.ts';
import { type Listed, type Listing, type ListWanted, readPage } from '../../http/listing.ts';
import { warnOfNamesake } from '../../http/warnings.ts';
import { PROVIDERS } from '../../services/registry.ts';

export type ParameterGroup = Selectable<ParameterGroups>;

/** The team's own groups and the system groups. */
const visible = (db: Queryable, teamId: number) =>
  db
    .selectFrom('parameter_groups')
    .where((eb) => eb.or([eb('team_id', '=', teamId), eb('team_id', 'is', null)]));

const GROUPS: Listing = {
  id: { column: 'id', form: 'number' },
  // System groups are older than those of any team, whatever their number.
  created: { value: sql`(case when team_id is null then 0 else id end)`, form: 'number' },
  name: 'name',
  filters: {
    type: { column: 'type', form: 'text' },
    provider_type: { column: 'provider', form: 'text' },
  },
};

/** Warns of another group that the team can use with the same name. */
export const warnOfName = (db: Queryable, teamId: number, group: ParameterGroup): Promise<string[]> =>
  warnOfNamesake(visible(db, teamId), GROUPS, 'parameter group', group);

/** The page of the groups that is asked for. */
export const listGroups = (
  db: Queryable,
  teamId: number,
  wanted: ListWanted,
): Promise<Listed<ParameterGroup>> => readPage(visible(db, teamId).selectAll(), GROUPS, wanted);

export const findGroup = (db: Queryable, teamId: number, id: number): Promise<ParameterGroup | undefined> =>
  visible(db, teamId).selectAll().where('id', '=', id).executeTakeFirst();

/** The same, and prevents changes by others until the transaction ends. */
export const holdGroup = (tx: Tx, teamId: number, id: number): Promise<ParameterGroup | undefined> =>
  visible(tx, teamId).selectAll().where('id', '=', id).forShare().executeTakeFirst();

/** The team's default group for new instances of this engine, locked like {@link holdGroup}. */
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
    // Prefers a group for this very version.
    .orderBy('family', (order) => order.asc().nullsLast())
    .limit(1)
    .forShare()
    .executeTakeFirst();

/** Like {@link findGroup}; also prevents changes and new uses by others until the transaction ends. */
export const lockGroup = (tx: Tx, teamId: number, id: number): Promise<ParameterGroup | undefined> =>
  visible(tx, teamId).selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

/** Creates an empty, unchangeable group for each engine, for instances that name no group. */
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
