import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { AppError } from '../lib/errors.ts';
import type { PrivateRequest } from './api.ts';
import type { Authenticator, Identity } from './authenticator.ts';
import { accountPrincipal, assertScope, teamPrincipal } from './principal.ts';
import { RateLimits } from './rate-limits.ts';

/** What every answer carries. Pages for browsers set their own content policy. */
function securityHeaders(config: Config): Record<string, string> {
  return {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    // Safe for every origin: the API takes no cookies, only a token that the page itself must hold.
    'access-control-allow-origin': '*',
    'access-control-expose-headers':
      'Allow, Idempotency-Replayed, Retry-After, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, ' +
      'X-RateLimit-Reset, X-Request-Id',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    ...(config.publicUrl.startsWith('https://')
      ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }
      : {}),
  };
}

/** Passes a request or throws: who it is, whether it may, and whether it is not too many. */
export type Gate = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * Makes the first hook of every request. It sets the headers that every answer carries, finds the principal, and counts
 * the request for its account, or for the client's address where there is no valid credential.
 */
export function createGate(config: Config, authenticator: Authenticator): Gate {
  const rates = new RateLimits();
  const headers = securityHeaders(config);

  return async (request, reply) => {
    reply.headers(headers);
    reply.header('x-request-id', request.id);
    if (request.socket.remoteAddress === undefined) {
      // The client hung up at this very moment. Nobody waits for the answer, or can be counted for it.
      throw new AppError('bad_request', 'The connection has ended.');
    }
    // Empty for an unknown path, which is answered as such whoever asks.
    const { public: isPublic, scope, team } = request.routeOptions.config ?? {};
    if (isPublic) return rates.showAddress(request.ip, reply);
    let identity: Identity;
    try {
      identity = await authenticator.authenticate(request);
    } catch (error) {
      if (!(error instanceof AppError)) {
        // A database that is away is not the client's doing, so the request does not count.
        await rates.showAddress(request.ip, reply);
        throw error;
      }
      await rates.consumeAddress(request.ip, reply);
      if (scope === undefined) return;
      throw error;
    }
    await rates.consume(`account:${identity.accountId}`, identity.limits, reply);
    if (scope === undefined) return;
    if (scope !== null) assertScope(identity, scope);
    (request as PrivateRequest).principal =
      team === 'none'
        ? accountPrincipal(identity, request.id)
        : teamPrincipal(identity, request.headers['x-team-id'], request.id);
  };
}
