import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { Obj, PathId, parseNumberId } from '../../http/schema.ts';
import { leaveTeam } from './members.ts';
import {
  Account,
  DeleteTeam,
  NameTeam,
  TeamAnswer,
  TeamDeleted,
  TeamLeft,
  TeamList,
  TeamNamed,
} from './schema.ts';
import { createTeam, deleteTeam, getTeam, listTeams, renameTeam } from './service.ts';

const tags = ['Teams'];

/** Routes for the token's account and its teams. */
export function teamRoutes(api: Api, database: Database): void {
  accountRoute(api, database);
  listRoute(api, database);
  ownTeamRoutes(api);
  currentTeamRoutes(api, database);
}

function accountRoute(api: Api, database: Database): void {
  api.get(
    '/user',
    {
      schema: {
        operationId: 'getAccount',
        summary: 'Show the account',
        description: 'Shows the account that the token belongs to. `/api/user` answers the same.',
        tags,
        response: { 200: Account },
      },
      config: { scope: null },
    },
    async ({ principal }) => {
      const account = await database.db
        .selectFrom('users')
        .select(['id', 'name', 'email', 'operator'])
        .where('id', '=', principal.accountId)
        .executeTakeFirstOrThrow();
      return { ...account, current_team_id: principal.team.id };
    },
  );
}

function listRoute(api: Api, database: Database): void {
  api.get(
    '/user/teams',
    {
      schema: {
        operationId: 'listTeams',
        summary: 'List teams',
        description:
          'Lists the teams that the token’s account is a member of, and which of them requests act on.',
        tags,
        response: { 200: TeamList },
      },
      config: { scope: null },
    },
    async ({ principal }) => ({
      data: await listTeams(database.db, principal.accountId),
      current_team_id: principal.team.id,
    }),
  );
}

function ownTeamRoutes(api: Api): void {
  api.post(
    '/user/teams',
    {
      schema: {
        operationId: 'createTeam',
        summary: 'Create a team',
        description:
          'Creates a team, which the account owns. An account may own five, if the operator sets nothing else.',
        tags,
        body: NameTeam,
        response: { 201: TeamNamed },
      },
      config: { scope: 'team:write', team: 'none', errors: ['quota_exceeded'] },
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Team created.',
        team: await createTeam(tx, request.principal, request.body.name),
        warnings: [],
      })),
  );
  api.delete(
    '/user/teams/:team',
    {
      schema: {
        operationId: 'leaveTeam',
        summary: 'Leave a team',
        description:
          'Ends the account’s membership, and revokes its tokens of that team. The last owner of a team cannot leave.',
        tags,
        params: Obj({ team: PathId('integer', 'Number of the team.') }),
        response: { 200: TeamLeft },
      },
      config: { scope: 'team:write', team: 'none', errors: ['invalid_state'] },
    },
    (request) =>
      mutate(request, async (tx) => {
        await leaveTeam(tx, request.principal.accountId, parseNumberId(request.params.team));
        return { message: 'You have left the team.' };
      }),
  );
}

function currentTeamRoutes(api: Api, database: Database): void {
  api.get(
    '/team',
    {
      schema: {
        operationId: 'getTeam',
        summary: 'Show the team',
        description: 'Shows the team that the request acts on, and the role of the account in it.',
        tags,
        response: { 200: TeamAnswer },
      },
      config: { scope: 'team:read' },
    },
    async ({ principal }) => ({ team: await getTeam(database.db, principal), role: principal.team.role }),
  );
  api.put(
    '/team',
    {
      schema: {
        operationId: 'renameTeam',
        summary: 'Rename the team',
        description: 'Gives the team that the request acts on another name.',
        tags,
        body: NameTeam,
        response: { 200: TeamNamed },
      },
      config: { scope: 'team:write' },
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Team renamed.',
        team: await renameTeam(tx, request.principal, request.body.name),
        warnings: [],
      })),
  );
  api.post(
    '/team/delete',
    {
      schema: {
        operationId: 'deleteTeam',
        summary: 'Delete the team',
        description:
          'Deletes the team that the request acts on. It must have nothing any more: no instances, firewalls, SSH keys and so on. ' +
          'Its tokens are revoked. A personal team stays.',
        tags,
        body: DeleteTeam,
        response: { 200: TeamDeleted },
      },
      config: { scope: 'team:delete', errors: ['invalid_state', 'proof_required'] },
    },
    (request) =>
      mutate(request, async (tx) => {
        await deleteTeam(tx, request.principal, request.body.confirm);
        return { message: 'Team deleted.' };
      }),
  );
}
