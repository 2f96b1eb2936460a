import type { FastifyRequest } from 'fastify';
import type { Credential } from './principal.ts';
import type { Limits } from './rate-limits.ts';
import type { Role } from './scopes.ts';

/** What authentication looks at. */
export type AuthenticatedRequest = Pick<FastifyRequest, 'headers' | 'ip' | 'method' | 'protocol'>;

export interface AuthenticationOptions {
  /** In milliseconds. */
  maxAge?: number;
}

/**
 * For what stays open after its request, such as a stream: it looks so often whether its credential still counts, and at nothing
 * older than this, in milliseconds. Together that is the second within which a credential ends.
 */
export const STANDING = { lookEvery: 800, maxAge: 200 };

/** How the server authenticates a request. `identity/` implements it, and `app.ts` passes it in. */
export interface Authenticator {
  /**
   * Identifies the owner of the request's credential. Throws `unauthenticated` where the credential is missing,
   * malformed, unknown, revoked or expired. What was read of it may be a second old, or so old as `options` say.
   */
  authenticate(request: AuthenticatedRequest, options?: AuthenticationOptions): Promise<Identity>;
  /** Hears that a request has needed a scope of the credential. */
  noteScope?(via: Credential, scope: string): void;
}

/** The result of authentication. Together with the request's team, if any, it makes a principal. */
export interface Identity {
  accountId: number;
  via: Credential;
  /** The scopes of the credential; those of a session are bounded by the role in the team that a request acts on. */
  scopes: ReadonlySet<string>;
  /** The account's rate limits. */
  limits: Limits;
  /** The team that requests act on unless they name another; null: none. The account may have left it since. */
  teamId: number | null;
  /** The account's role in each of its teams, by team id. */
  roles: ReadonlyMap<number, Role>;
}
