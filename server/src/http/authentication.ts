import type { FastifyReply, FastifyRequest } from 'fastify';
import { equalBytes, sha256 } from '../lib/crypto.ts';
import { AppError, invalid } from '../lib/errors.ts';
import type { Principal } from './principal.ts';
import type { Scope } from './scopes.ts';
import type { TokenCache, TokenRecord } from './token-cache.ts';

/** `Bearer ID|SECRET`; the scheme's case does not matter (RFC 9110, section 11.1). */
const HEADER = /^bearer +([1-9][0-9]{0,14})\|([\x21-\x7e]{1,200})$/i;

/**
 * Finds the token that the `Authorization` header names. Throws `unauthenticated` for a header that is missing or
 * malformed, and for a token that is unknown, revoked or expired.
 */
export async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  tokens: TokenCache,
): Promise<TokenRecord> {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    throw refuse(
      reply,
      'Bearer realm="danube"',
      'This request needs an API token. Send it as: Authorization: Bearer ID|SECRET.',
    );
  }
  const match = HEADER.exec(authorization);
  if (!match) {
    throw refuse(reply, INVALID_TOKEN, 'The Authorization header must be: Bearer ID|SECRET.');
  }
  const found = tokens.find(Number(match[1]));
  const token = found instanceof Promise ? await found : found;
  if (!token || !equalBytes(token.secretHash, sha256(match[2]!))) {
    throw refuse(reply, INVALID_TOKEN, 'This API token is not valid. Check that it was copied whole.');
  }
  if (token.revoked) throw refuse(reply, INVALID_TOKEN, 'This API token was revoked. Use another one.');
  if (token.expiresAt !== null && token.expiresAt <= Date.now()) {
    throw refuse(reply, INVALID_TOKEN, 'This API token has expired. Make a new one.');
  }
  tokens.touch(token.id, request.ip);
  return token;
}

const INVALID_TOKEN = 'Bearer realm="danube", error="invalid_token"';

function refuse(reply: FastifyReply, challenge: string, message: string): AppError {
  reply.header('www-authenticate', challenge);
  return new AppError('unauthenticated', message);
}

/** Throws `missing_scope`, naming it, where the token lacks the scope. */
export function requireScope(token: TokenRecord, scope: Scope, reply: FastifyReply): void {
  if (!token.scopes.has(scope)) throw missingScope(scope, reply);
}

/** The refusal of a token that lacks the scope. */
export function missingScope(scope: Scope, reply: FastifyReply): AppError {
  reply.header('www-authenticate', `Bearer realm="danube", error="insufficient_scope", scope="${scope}"`);
  return new AppError(
    'missing_scope',
    `This API token lacks the scope "${scope}". Make a token that has it.`,
    { extra: { required_scope: scope } },
  );
}

/** Who the token speaks for in this request. Throws `team_forbidden`, and `validation_failed` for a malformed header. */
export function principalOf(token: TokenRecord, request: FastifyRequest): Principal {
  const header = request.headers['x-team-id'];
  let teamId = token.teamId;
  if (header !== undefined) {
    if (typeof header !== 'string' || !/^[1-9][0-9]{0,14}$/.test(header)) {
      throw invalid({ 'X-Team-Id': ['The X-Team-Id header must be the number of a team.'] });
    }
    teamId = Number(header);
  }
  if (!token.memberOf.has(teamId)) {
    throw new AppError(
      'team_forbidden',
      'This API token may not act for that team. GET /api/v1/user/teams lists the teams it may use.',
    );
  }
  return { userId: token.userId, teamId, tokenId: token.id, scopes: token.scopes, requestId: request.id };
}
