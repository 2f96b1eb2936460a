import type { FastifyRequest } from 'fastify';
import type { Credential, Role } from './principal.ts';
import type { Limits } from './rate-limits.ts';

/** How the server finds out who makes a request. `identity/` implements it, and `app.ts` hands it in. */
export interface Authenticator {
  /**
   * Finds whose credential a request carries. Throws `unauthenticated` where it carries none, or one that is malformed,
   * unknown, revoked or expired.
   */
  authenticate(request: Pick<FastifyRequest, 'headers' | 'ip'>): Promise<Identity>;
}

/** What a valid credential says. With the team that the request acts on, if any, it makes a principal. */
export interface Identity {
  accountId: number;
  via: Credential;
  /** What the credential may do. */
  scopes: ReadonlySet<string>;
  /** The account's rate limits. */
  limits: Limits;
  /** The team that requests act on unless they name another; null: none. The account need not be a member any more. */
  teamId: number | null;
  /** What the account is in each of its teams, by the team's id. */
  roles: ReadonlyMap<number, Role>;
}
