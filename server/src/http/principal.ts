import { AppError, invalid } from '../lib/errors.ts';
import type { Identity } from './authenticator.ts';
import type { Scope } from './scopes.ts';

/** What an account is in a team. */
export type Role = 'owner' | 'member';

/** How a request proved whose it is. */
export type Credential = { kind: 'token'; tokenId: number } | { kind: 'session'; sessionId: string };

interface CommonPrincipal {
  accountId: number;
  via: Credential;
  /** What the credential may do. */
  scopes: ReadonlySet<string>;
  /** Id of the request, for what it sets off. */
  requestId: string;
}

/** Who makes a request that acts on a team. */
export interface TeamPrincipal extends CommonPrincipal {
  team: { id: number; role: Role };
}

/** Who makes a request that acts on no team. */
export interface AccountPrincipal extends CommonPrincipal {
  team: null;
}

/** Who makes a request: what authentication found out, and all that services need to know about it. */
export type Principal = TeamPrincipal | AccountPrincipal;

/** The principal of a request that acts on no team. */
export function accountPrincipal({ accountId, via, scopes }: Identity, requestId: string): AccountPrincipal {
  return { accountId, via, scopes, requestId, team: null };
}

/**
 * The principal of a request that acts on a team: the one that its `X-Team-Id` header names, else the credential's own.
 * Throws `validation_failed` for a malformed header, and `team_forbidden` where the account is no member.
 */
export function teamPrincipal(
  { accountId, via, scopes, teamId, roles }: Identity,
  header: string | string[] | undefined,
  requestId: string,
): TeamPrincipal {
  const id = header === undefined ? teamId : teamIdOf(header);
  const role = id === null ? undefined : roles.get(id);
  if (id === null || role === undefined) {
    throw new AppError(
      'team_forbidden',
      'This API token may not act for that team. GET /api/v1/user/teams lists the teams it may use.',
    );
  }
  return { accountId, via, scopes, requestId, team: { id, role } };
}

function teamIdOf(header: string | string[]): number {
  if (typeof header === 'string' && /^[1-9][0-9]{0,14}$/.test(header)) return Number(header);
  throw invalid({ 'X-Team-Id': ['The X-Team-Id header must be the number of a team.'] });
}

/** Throws `missing_scope`, naming it, where the scope is not among what the credential may do. */
export function assertScope({ scopes }: Pick<Identity, 'scopes'>, scope: Scope): void {
  if (scopes.has(scope)) return;
  throw new AppError(
    'missing_scope',
    `This API token lacks the scope "${scope}". Make a token that has it.`,
    { extra: { required_scope: scope } },
  );
}
