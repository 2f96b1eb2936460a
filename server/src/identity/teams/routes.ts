import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { Account, TeamList } from './schema.ts';

/** Routes for the token's account and its teams. */
export function teamRoutes(api: Api, database: Database): void {
  api.get(
    '/user',
    {
      schema: {
        operationId: 'getAccount',
        summary: 'Show the account',
        description: 'Shows the account that the token belongs to. `/api/user` answers the same.',
        tags: ['Teams'],
        response: { 200: Account },
      },
      config: { scope: null },
    },
    async ({ principal }) => {
      const account = await database.db
        .selectFrom('users')
        .select(['id', 'name', 'email'])
        .where('id', '=', principal.accountId)
        .executeTakeFirstOrThrow();
      return { ...account, current_team_id: principal.team.id };
    },
  );
  api.get(
    '/user/teams',
    {
      schema: {
        operationId: 'listTeams',
        summary: 'List teams',
        description:
          'Lists the teams that the token’s account is a member of, and which of them requests act on.',
        tags: ['Teams'],
        response: { 200: TeamList },
      },
      config: { scope: null },
    },
    async (request) => {
      const { accountId, team } = request.principal;
      const teams = await database.db
        .selectFrom('teams')
        .innerJoin('team_members', 'team_members.team_id', 'teams.id')
        .select(['teams.id', 'teams.name', 'teams.personal'])
        .where('team_members.user_id', '=', accountId)
        .orderBy('teams.id')
        .execute();
      return {
        data: teams.map(({ id, name, personal }) => ({
          id,
          name,
          personal_team: personal,
          registry_namespace: null,
        })),
        current_team_id: team.id,
      };
    },
  );
}
