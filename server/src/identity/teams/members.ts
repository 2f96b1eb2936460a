import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import type { Role } from '../../http/scopes.ts';

/** Creates a team with its first owner; returns its id. */
export async function insertTeam(
  tx: Tx,
  { name, ownerId, personal = false }: { name: string; ownerId: number; personal?: boolean },
): Promise<number> {
  const { id } = await tx
    .insertInto('teams')
    .values({ name, personal })
    .returning('id')
    .executeTakeFirstOrThrow();
  await tx.insertInto('team_members').values({ team_id: id, user_id: ownerId, role: 'owner' }).execute();
  return id;
}

/** SQL: the teams of the account `u` of a query, with its role in each; for {@link rolesOf}. */
export const roleRows = sql<{ team: number; role: Role }[]>`(
  select coalesce(json_agg(json_build_object('team', team_id, 'role', role)), '[]')
  from team_members where user_id = u.id
)`.as('roles');

/** The account's role in each of its teams, by team id. */
export const rolesOf = ({ roles }: { roles: { team: number; role: Role }[] }): Map<number, Role> =>
  new Map(roles.map(({ team, role }) => [team, role]));
