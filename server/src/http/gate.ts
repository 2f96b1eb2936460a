import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { AppError } from '../lib/errors.ts';
import { authenticate, principalOf, requireScope } from './authentication.ts';
import { RateLimits } from './rate-limits.ts';
import type { TokenCache } from './token-cache.ts';

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
 * Makes the first hook of every request. It sets the headers that every answer carries, then counts the request for
 * the account that its token belongs to, or for the client's address where it has no valid token.
 */
export function createGate(config: Config, tokens: TokenCache): Gate {
  const rates = new RateLimits();
  const headers = securityHeaders(config);

  return async (request, reply) => {
    reply.headers(headers);
    reply.header('x-request-id', request.id);
    const { config: route } = request.routeOptions;
    if (route?.public) return rates.showAddress(request.ip, reply);
    const anonymous = route?.scope === undefined && request.headers.authorization === undefined;
    if (anonymous) return rates.consumeAddress(request.ip, reply);
    let token: Awaited<ReturnType<typeof authenticate>>;
    try {
      token = await authenticate(request, reply, tokens);
    } catch (error) {
      // Only refused credentials count as such: a database that is away is not the client's doing.
      if (error instanceof AppError) await rates.consumeAddress(request.ip, reply);
      else await rates.showAddress(request.ip, reply);
      // An unknown path is answered as such, whoever asks.
      if (route?.scope === undefined && error instanceof AppError) return;
      throw error;
    }
    await rates.consume(`user:${token.userId}`, token.limits, reply);
    if (route?.scope === undefined) return;
    if (route.scope !== null) requireScope(token, route.scope, reply);
    request.principal = principalOf(token, request);
  };
}
