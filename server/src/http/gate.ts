import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { AppError } from '../lib/errors.ts';
import type { PrivateRequest } from './api.ts';
import type { Authenticator, Identity } from './authenticator.ts';
import { readCookie } from './cookies.ts';
import { assertNotForeign, assertOwnOrigin } from './origin.ts';
import { accountPrincipal, assertScope, sessionRequired, teamPrincipal } from './principal.ts';
import type { RateLimits } from './rate-limits.ts';

/** Headers of every response. Pages for browsers set a content security policy of their own. */
function securityHeaders(config: Config): Record<string, string> {
  return {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    // Safe for every origin where no cookie counts: a page must have the token to send it.
    'access-control-allow-origin': '*',
    'access-control-expose-headers':
      'Allow, ETag, Idempotency-Replayed, Retry-After, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, ' +
      'X-RateLimit-Reset, X-Request-Id',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    ...(config.publicUrl.startsWith('https://')
      ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }
      : {}),
  };
}

/** Authenticates, authorises and rate-limits a request; throws to refuse it. */
export type Gate = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * Creates the first hook of every request. It sets the common headers, determines the principal, and counts the request
 * against the rate limit of the account, or of the client's address where the credential is not valid.
 */
export function createGate(config: Config, authenticator: Authenticator, rates: RateLimits): Gate {
  const headers = securityHeaders(config);

  return async (request, reply) => {
    reply.headers(headers);
    reply.header('x-request-id', request.id);
    if (request.socket.remoteAddress === undefined) {
      // The client has just disconnected: there is no one to answer, and no address to count.
      throw new AppError('bad_request', 'The connection has ended.');
    }
    // Empty for an unknown path or method, which gets a 404 or 405 without authentication.
    const found = request.server.isElsewhere(request) ? undefined : request.routeOptions.config;
    const { public: isPublic, scope, team, setsCookie, mediaType } = found ?? {};
    if (setsCookie || countsCookie(config, request)) reply.removeHeader('access-control-allow-origin');
    if (isPublic) {
      await rates.showAddress(request.ip, reply);
      return setsCookie ? assertNotForeign(config, request) : undefined;
    }
    let identity: Identity;
    try {
      identity = await authenticator.authenticate(request);
    } catch (error) {
      if (!(error instanceof AppError)) {
        // The client is not to blame for an unreachable database, so the request does not count.
        await rates.showAddress(request.ip, reply);
        throw error;
      }
      await rates.consumeAddress(request.ip, reply);
      if (scope === undefined) return;
      throw error;
    }
    await rates.consume(`account:${identity.accountId}`, identity.limits, reply);
    if (identity.via.kind === 'session')
      assertOwnOrigin(config, request, { staysOpen: mediaType === 'text/event-stream' });
    if (scope === undefined) return;
    if (found?.session && identity.via.kind !== 'session') throw sessionRequired();
    const note = (needed: string) => authenticator.noteScope?.(identity.via, needed);
    const principal =
      team === 'none'
        ? accountPrincipal(identity, request.id, note)
        : teamPrincipal(identity, request.headers['x-team-id'], request.id, note);
    (request as PrivateRequest).principal = principal;
    if (scope !== null) assertScope(principal, scope);
  };
}

/** Whether a request is authenticated by its cookie, if at all. */
const countsCookie = (config: Config, request: FastifyRequest): boolean =>
  request.headers.authorization === undefined && readCookie(config, request, 'session') !== null;
