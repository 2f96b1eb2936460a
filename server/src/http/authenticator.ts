import type { FastifyRequest } from 'fastify';
import type { Credential } from './principal.ts';
import type { Limits } from './rate-limits.ts';
import type { Role } from './scopes.ts';

/** What authentication looks at. */
export type AuthenticatedRequest = Pick<FastifyRequest, 'headers' | 'ip' | 'method' | 'protocol'>;

/** How the server authenticates a request. `identity/` implements it, and `app.ts` passes it in. */
export interface Authenticator {
  /**
   * Identifies the owner of the request's credential. Throws `unauthenticated` where the credential is missing,
   * malformed, unknown, revoked or expired.
   */
  authenticate(request: AuthenticatedRequest): Promise<Identity>;
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
