import { AppError, invalid } from '../lib/errors.ts';
import type { Identity } from './authenticator.ts';
import { type HeldScopes, ROLES, type Role, type Scope, scopesOfRole } from './scopes.ts';

/** The credential that a request was authenticated by. */
export type Credential = { kind: 'token'; tokenId: number } | SessionCredential;

export interface SessionCredential {
  kind: 'session';
  sessionId: string;
  /** When the account holder last gave a password or passkey in this session, in Unix milliseconds. */
  provedAt: number;
}

interface CommonPrincipal {
  accountId: number;
  via: Credential;
  /** What it may do: the scopes of the credential, and of these in a team only those of the account's role there. */
  scopes: HeldScopes;
  /** Id of the request, recorded with the operations that it starts. */
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

/** The authenticated sender of a request: everything that services need to know about it. */
export type Principal = TeamPrincipal | AccountPrincipal;

/** Hears which scopes a request has needed. */
export type NoteScope = (scope: string) => void;

const NOTE_NOTHING: NoteScope = () => {};

/** Scopes that tell of each one that is asked for and held, whether the gate asks for it or a handler. */
const noting = (has: (scope: string) => boolean, note: NoteScope): HeldScopes => ({
  has(scope) {
    const isHeld = has(scope);
    if (isHeld) note(scope);
    return isHeld;
  },
});

/** The principal of a request that acts on no team. */
export function accountPrincipal(
  { accountId, via, scopes }: Identity,
  requestId: string,
  note = NOTE_NOTHING,
): AccountPrincipal {
  const held = noting((scope) => scopes.has(scope), note);
  return { accountId, via, scopes: held, requestId, team: null };
}

/**
 * The principal of a request that acts on a team: the one in its `X-Team-Id` header, else the credential's default.
 * Throws `validation_failed` for a malformed header, and `team_forbidden` where the account is not a member.
 */
export function teamPrincipal(
  { accountId, via, scopes, teamId, roles }: Identity,
  header: string | string[] | undefined,
  requestId: string,
  note = NOTE_NOTHING,
): TeamPrincipal {
  const id = header === undefined ? teamId : teamIdOf(header);
  const role = id === null ? undefined : roles.get(id);
  if (id === null || role === undefined) throw teamForbidden();
  const ofRole = scopesOfRole(role);
  const held = noting((scope) => scopes.has(scope) && ofRole.has(scope), note);
  return { accountId, via, scopes: held, requestId, team: { id, role } };
}

/** The same principal, which may do what its present role allows as well. */
export const withRole = (principal: TeamPrincipal, role: Role): TeamPrincipal => ({
  ...principal,
  team: { ...principal.team, role },
  scopes: { has: (scope) => scopesOfRole(role).has(scope) && principal.scopes.has(scope) },
});

export const teamForbidden = (): AppError =>
  new AppError(
    'team_forbidden',
    'You may not act for that team. GET /api/v1/user/teams lists the teams that you may act for.',
  );

/** The session of a request on a route that takes nothing else (`config.session`). */
export function sessionOf({ via }: Pick<Principal, 'via'>): SessionCredential {
  if (via.kind === 'session') return via;
  throw sessionRequired();
}

export const sessionRequired = (): AppError =>
  new AppError('session_required', 'An API token cannot do this. Sign in, and use the session’s cookie.');

function teamIdOf(header: string | string[]): number {
  if (typeof header === 'string' && /^[1-9][0-9]{0,14}$/.test(header)) return Number(header);
  throw invalid({ 'X-Team-Id': ['The X-Team-Id header must be the number of a team.'] });
}

/** Throws `missing_scope`, naming the scope, where the credential does not have it, or the account's role does not. */
export function assertScope(
  { scopes, ...principal }: Pick<Principal, 'scopes' | 'via'> & { team?: Principal['team'] },
  scope: Scope,
): void {
  if (scopes.has(scope)) return;
  const role = principal.team?.role;
  const extra = { required_scope: scope };
  if (role !== undefined && !scopesOfRole(role).has(scope)) {
    const others = ROLES.filter((other) => scopesOfRole(other).has(scope)).map((other) => `${other}s`);
    const who = `${others.join(', ').replace(/, (?=\w+$)/, ' and ')} have it`;
    throw new AppError(
      'missing_scope',
      `Your role in this team, ${role}, does not have the scope "${scope}": ${who}.`,
      { extra: { ...extra, role } },
    );
  }
  const problem =
    principal.via.kind === 'session'
      ? `Your account does not have the scope "${scope}".`
      : `This API token does not have the scope "${scope}", and a token’s scopes cannot be changed. Make a new token that has it, ` +
        'on the page “API tokens” or with POST /user/tokens.';
  throw new AppError('missing_scope', problem, { extra });
}
