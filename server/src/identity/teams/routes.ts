import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { TeamList } from './schema.ts';

/** Routes for the teams of the token's account. */
export function teamRoutes(api: Api, database: Database): void {
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
