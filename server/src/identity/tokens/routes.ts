import type { Config } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { Obj, PathId, parseNumberId } from '../../http/schema.ts';
import { explain, findRoute } from './explain.ts';
import { createOwnToken, describeScopes, getOwnToken, listOwnTokens, revokeOwnToken } from './own-tokens.ts';
import {
  CreateToken,
  ExplainToken,
  Explanation,
  ScopeList,
  TeamTokenList,
  TokenAnswer,
  TokenCreated,
  TokenList,
  TokenQuery,
  TokenRevoked,
} from './schema.ts';
import { listTeamTokens, otherToken, revokeTeamToken } from './team-tokens.ts';

const tags = ['API tokens'];
const onToken = Obj({ credential: PathId('integer', 'Number of the token.') });

/** Routes for the account's API tokens. */
export function tokenRoutes(api: Api, config: Config, database: Database): void {
  readRoutes(api, database);
  createRoute(api, config);
  api.delete(
    '/user/tokens/:credential',
    {
      schema: {
        operationId: 'deleteToken',
        summary: 'Revoke a token',
        description:
          'Revokes a token of the account, and those that were made with it. It stops working within a second, and so do its streams.',
        tags,
        params: onToken,
        response: { 200: TokenRevoked },
      },
      config: { scope: 'token:delete', team: 'none', errors: ['proof_required'] },
    },
    (request) =>
      mutate(request, async (tx) => {
        await revokeOwnToken(tx, request.principal, parseNumberId(request.params.credential));
        return { message: 'Token revoked.' };
      }),
  );
  explainRoute(api, database);
  teamTokenRoutes(api, database);
}

function readRoutes(api: Api, database: Database): void {
  api.get(
    '/user/tokens',
    {
      schema: {
        operationId: 'listTokens',
        summary: 'List tokens',
        description:
          'Lists the account’s API tokens that are not revoked, newest first. Secrets are never shown again.',
        tags,
        querystring: TokenQuery,
        response: { 200: TokenList },
      },
      config: { scope: 'token:read', team: 'none' },
    },
    ({ principal, query }) => listOwnTokens(database.db, principal, query as TokenQuery),
  );
  api.get(
    '/user/tokens/scopes',
    {
      schema: {
        operationId: 'listScopes',
        summary: 'List scopes',
        description: 'Lists the scopes that tokens can have, which roles have each, and the sets of them.',
        tags,
        response: { 200: ScopeList },
      },
      config: { scope: null, team: 'none' },
    },
    async () => describeScopes(),
  );
  api.get(
    '/user/tokens/:credential',
    {
      schema: {
        operationId: 'getToken',
        summary: 'Show a token',
        description: 'Shows one of the account’s API tokens.',
        tags,
        params: onToken,
        response: { 200: TokenAnswer },
      },
      config: { scope: 'token:read', team: 'none' },
    },
    async ({ principal, params }) => ({
      token: await getOwnToken(database.db, principal, parseNumberId(params.credential)),
    }),
  );
}

function createRoute(api: Api, config: Config): void {
  api.post(
    '/user/tokens',
    {
      schema: {
        operationId: 'createToken',
        summary: 'Create a token',
        description:
          'Creates an API token of the account. In a session, the password or passkey must have been given just now. A token can ' +
          'make others that have no scope which it lacks, and expire no later; they are revoked with it.',
        tags,
        body: CreateToken,
        response: { 201: TokenCreated },
      },
      config: {
        scope: 'token:write',
        team: 'none',
        errors: ['proof_required', 'quota_exceeded', 'team_forbidden', 'missing_scope'],
      },
    },
    (request) =>
      mutate(
        request,
        async (tx) => {
          const made = await createOwnToken(tx, request.principal, request.body);
          return {
            message: 'Token created. It is shown only this once.',
            token: made.token,
            plain_text: made.plainText,
            curl: `curl -H 'Authorization: Bearer ${made.plainText}' ${config.publicUrl}/api/v1/user/teams`,
            cli: `DANUBE_URL=${config.publicUrl} DANUBE_TOKEN='${made.plainText}' danubectl teams list`,
            terraform: `export DANUBEDATA_API_TOKEN='${made.plainText}' DANUBEDATA_BASE_URL='${config.publicUrl}/api/v1'`,
            warnings: made.warnings,
          };
        },
        { holdsSecret: true },
      ),
  );
}

function explainRoute(api: Api, database: Database): void {
  api.post(
    '/user/tokens/explain',
    {
      schema: {
        operationId: 'explainToken',
        summary: 'Explain what a token may do',
        description:
          'Says whether the token of this request, or another one of the account, may make a request, which scope that needs, and ' +
          'why it may not. Changes nothing, and does not look at what the path names.',
        tags,
        body: ExplainToken,
        response: { 200: Explanation },
      },
      config: { scope: null, changesNothing: true, errors: ['not_found'] },
    },
    async (request) => {
      const { method, path, token_id: tokenId = null } = request.body;
      const { principal } = request;
      const route = findRoute(api.apiRoutes, method, path);
      if (tokenId !== null) return explain(route, ...(await otherToken(database.db, principal, tokenId)));
      const { scopes } = await api.authenticator.authenticate(request);
      return explain(route, { scopes, via: principal.via }, principal.team.role);
    },
  );
}

/** Routes for the tokens of all members that act for the team. */
function teamTokenRoutes(api: Api, database: Database): void {
  api.get(
    '/team/tokens',
    {
      schema: {
        operationId: 'listTeamTokens',
        summary: 'List tokens of the team',
        description:
          'Lists the API tokens of all members that act for the team and are not revoked, newest first, with whose they are.',
        tags,
        querystring: TokenQuery,
        response: { 200: TeamTokenList },
      },
      config: { scope: 'team:write' },
    },
    ({ principal, query }) => listTeamTokens(database.db, principal, query as TokenQuery),
  );
  api.delete(
    '/team/tokens/:credential',
    {
      schema: {
        operationId: 'revokeTeamToken',
        summary: 'Revoke a token of the team',
        description:
          'Revokes a token of any member that acts for the team, and those that were made with it. It stops working within a ' +
          'second. Who revokes one of an owner needs `team:delete`, too.',
        tags,
        params: onToken,
        response: { 200: TokenRevoked },
      },
      config: { scope: 'team:write', errors: ['proof_required'] },
    },
    (request) =>
      mutate(request, async (tx) => {
        await revokeTeamToken(tx, request.principal, parseNumberId(request.params.credential));
        return { message: 'Token revoked.' };
      }),
  );
}
