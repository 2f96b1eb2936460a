import type { Database } from '../db/database.ts';
import type { Api } from '../http/api.ts';
import { mutate } from '../http/mutation.ts';
import { parseNumberId } from '../http/schema.ts';
import { assertRecentProof } from '../identity/sessions/recent-proof.ts';
import { handOverTeam } from '../identity/teams/handover.ts';
import type { Mailer } from '../mail/mailer.ts';
import { getAnyTeam, type Looking, listAllTeams, setQuotas } from './accounts.ts';
import {
  HandOverTeam,
  OperatorTeamAnswer,
  OperatorTeamList,
  OperatorTeamQuery,
  onTeam,
  TeamHandedOver,
  TeamUpdated,
  UpdateTeam,
} from './schema.ts';

const tags = ['Operator'];
const read = { scope: 'operator:read', team: 'none' } as const;
const write = { scope: 'operator:write', team: 'none' } as const;

/** Routes for teams of the install. */
export function operatorTeamRoutes(api: Api, database: Database, mail: Mailer): void {
  api.get(
    '/operator/teams',
    {
      schema: {
        operationId: 'listOperatorTeams',
        summary: 'List teams of the install',
        description: 'Lists all teams with their quotas and what they use, newest first.',
        tags,
        querystring: OperatorTeamQuery,
        response: { 200: OperatorTeamList },
      },
      config: read,
    },
    ({ query }) => listAllTeams(database.db, query as Looking),
  );
  api.get(
    '/operator/teams/:operatorTeam',
    {
      schema: {
        operationId: 'getOperatorTeam',
        summary: 'Show a team of the install',
        description: 'Shows any team, with its quotas and what it uses.',
        tags,
        params: onTeam,
        response: { 200: OperatorTeamAnswer },
      },
      config: read,
    },
    async ({ params }) => ({ team: await getAnyTeam(database.db, parseNumberId(params.operatorTeam)) }),
  );
  api.put(
    '/operator/teams/:operatorTeam',
    {
      schema: {
        operationId: 'updateOperatorTeam',
        summary: 'Set the quotas of a team',
        description:
          'Replaces the quotas of the team that differ from the default. What it has stays, also beyond them.',
        tags,
        params: onTeam,
        body: UpdateTeam,
        response: { 200: TeamUpdated },
      },
      config: write,
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Quotas set.',
        team: await setQuotas(tx, parseNumberId(request.params.operatorTeam), request.body.quotas),
        warnings: [],
      })),
  );
  api.post(
    '/operator/teams/:operatorTeam/transfer',
    {
      schema: {
        operationId: 'handOverTeam',
        summary: 'Hand a team over',
        description:
          'Gives a team whose owners are all disabled to another account, which becomes a member if it is none. The former ' +
          'owners become admins. They and the new one are told by e-mail. In a session, it asks for a recent proof.',
        tags,
        params: onTeam,
        body: HandOverTeam,
        response: { 200: TeamHandedOver },
      },
      config: { ...write, errors: ['invalid_state', 'proof_required', 'quota_exceeded'] },
    },
    (request) => {
      assertRecentProof(request.principal);
      const { params, body } = request;
      const teamId = parseNumberId(params.operatorTeam);
      return mutate(
        request,
        async (tx) => {
          const { owner } = await handOverTeam(tx, { teamId, accountId: body.account }, mail);
          const message = `The team belongs to ${owner.name} now.`;
          return { message, team: await getAnyTeam(tx, teamId), warnings: [] };
        },
        { did: { owner: body.account } },
      );
    },
  );
}
