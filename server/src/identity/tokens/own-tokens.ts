import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { type Listing, type ListWanted, readPage } from '../../http/listing.ts';
import { pageOf } from '../../http/pagination.ts';
import { type AccountPrincipal, teamForbidden } from '../../http/principal.ts';
import { parseTime } from '../../http/schema.ts';
import {
  isScope,
  ROLES,
  type Role,
  SCOPE_SETS,
  SCOPES,
  type Scope,
  scopesOfRole,
} from '../../http/scopes.ts';
import { AppError, invalid, notFound } from '../../lib/errors.ts';
import { assertRecentProof } from '../sessions/recent-proof.ts';
import { recordTokens, tokenEvents } from './events.ts';
import type { CreateToken, TokenQuery } from './schema.ts';
import { createToken, describeToken, revoked, revokeToken, type TokenInfo } from './service.ts';

/** Tokens of one account that are not revoked. */
const MAX_TOKENS = 100;

const LISTING: Listing = {
  id: { column: 'id', form: 'number' },
  created: { value: sql.ref('id'), form: 'number' },
  name: 'name',
};

const tokensOf = (db: Queryable, accountId: number) =>
  db.selectFrom('tokens').selectAll().where('user_id', '=', accountId).where('revoked_at', 'is', null);

/** A page of the account's tokens that are not revoked. */
export async function listOwnTokens(db: Queryable, { accountId }: AccountPrincipal, query: TokenQuery) {
  const page = await readPage(tokensOf(db, accountId), LISTING, query as ListWanted);
  return pageOf(
    page.rows.map((row) => viewToken(describeToken(row))),
    page,
    query,
  );
}

/** The scopes that there are, with the roles that have each, and the sets of them. */
export const describeScopes = () => ({
  data: SCOPES.map((scope) => ({ scope, roles: ROLES.filter((role) => scopesOfRole(role).has(scope)) })),
  sets: { ...SCOPE_SETS },
});

/** One token of the account; throws `not_found`. */
export async function getOwnToken(db: Queryable, { accountId }: AccountPrincipal, id: number | null) {
  const row = id === null ? undefined : await tokensOf(db, accountId).where('id', '=', id).executeTakeFirst();
  if (!row) throw notFound('Token');
  return viewToken(describeToken(row));
}

export const viewToken = (token: TokenInfo) => ({
  id: token.id,
  name: token.name,
  team_id: token.teamId,
  scopes: token.scopes,
  unused_scopes: token.unusedScopes,
  made_by_token_id: token.parentId,
  expires_at: token.expiresAt?.toISOString() ?? null,
  last_used_at: token.lastUsedAt?.toISOString() ?? null,
  last_used_ip: token.lastUsedIp,
  created_at: token.createdAt.toISOString(),
});

/**
 * Makes a token for the account. In a session, it may have all scopes, and the password must have been given just now. A
 * token makes none that can do more, or lasts longer, than itself. Throws `validation_failed`, `missing_scope`,
 * `team_forbidden`, `quota_exceeded` and `proof_required`.
 */
export async function createOwnToken(tx: Tx, principal: AccountPrincipal, wish: CreateToken) {
  assertRecentProof(principal);
  const { accountId, via } = principal;
  const scopes = scopesOf(wish);
  assertNoMore(principal, scopes);
  const membership = await membershipFor(tx, accountId, wish.team_id ?? null);
  await assertRoom(tx, accountId);
  const parentId = via.kind === 'token' ? via.tokenId : null;
  const wanted = wish.expires_at == null ? null : new Date(parseTime(wish.expires_at));
  const expiresAt = await withinParent(tx, parentId, wanted);
  const made = await createToken(tx, {
    accountId,
    teamId: membership.team_id,
    name: wish.name,
    scopes,
    expiresAt,
    parentId,
  });
  const token = await getOwnToken(tx, principal, made.id);
  const { id, name, team_id } = token;
  await recordTokens(tx, tokenEvents.created, [{ id, name, user_id: accountId, team_id }]);
  return {
    token,
    plainText: made.plainText,
    warnings: warningsOf(scopes, membership.role as Role, wanted, expiresAt),
  };
}

function scopesOf({ scopes, scope_set: set }: CreateToken): readonly Scope[] {
  if (scopes === undefined) return SCOPE_SETS[set ?? 'default'];
  const unknown = scopes.filter((scope) => !isScope(scope));
  if (unknown.length > 0) throw invalid({ scopes: [`There is no scope ${unknown.join(', ')}.`] });
  return [...new Set([...(set ? SCOPE_SETS[set] : []), ...(scopes as Scope[])])];
}

/** No credential makes a token that has a scope which it lacks. */
function assertNoMore({ scopes, via }: AccountPrincipal, wanted: readonly Scope[]): void {
  const lacking = wanted.find((scope) => !scopes.has(scope));
  if (lacking === undefined) return;
  const who = via.kind === 'token' ? 'This API token' : 'Your account';
  throw new AppError('missing_scope', `${who} lacks the scope "${lacking}", and can give it to no token.`, {
    extra: { required_scope: lacking },
  });
}

async function membershipFor(db: Queryable, accountId: number, teamId: number | null) {
  const membership = await db
    .selectFrom('team_members')
    .select(['team_id', 'role'])
    .where('user_id', '=', accountId)
    .$if(teamId !== null, (all) => all.where('team_id', '=', teamId))
    .orderBy('team_id')
    .limit(1)
    .executeTakeFirst();
  if (membership) return membership;
  throw teamForbidden();
}

async function assertRoom(tx: Tx, accountId: number): Promise<void> {
  await tx.selectFrom('users').select('id').where('id', '=', accountId).forUpdate().execute();
  const { used } = await tokensOf(tx, accountId)
    .clearSelect()
    .select(sql<number>`count(*)`.as('used'))
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', sql<Date>`now()`)]))
    .executeTakeFirstOrThrow();
  if (used < MAX_TOKENS) return;
  throw new AppError('quota_exceeded', `You have ${used} of ${MAX_TOKENS} tokens. Revoke one first.`, {
    extra: { quota: 'token', limit: MAX_TOKENS, used },
  });
}

/**
 * A token that another one makes ends with it at the latest. One that was revoked makes none any more: who has stolen it would
 * have another. The account must be locked, see `revokeToken`.
 */
async function withinParent(tx: Tx, parentId: number | null, wanted: Date | null): Promise<Date | null> {
  if (parentId === null) return wanted;
  const { expires_at: end, revoked_at: revokedAt } = await tx
    .selectFrom('tokens')
    .select(['expires_at', 'revoked_at'])
    .where('id', '=', parentId)
    .executeTakeFirstOrThrow();
  if (revokedAt !== null) throw revoked();
  if (end === null) return wanted;
  return wanted === null || wanted > end ? end : wanted;
}

function warningsOf(scopes: readonly Scope[], role: Role, wanted: Date | null, end: Date | null): string[] {
  const warnings: string[] = [];
  const idle = scopes.filter((scope) => !scopesOfRole(role).has(scope) && !/^(token|operator):/.test(scope));
  if (idle.length > 0) warnings.push(`Your role in the team, ${role}, does not have: ${idle.join(', ')}.`);
  if (end?.getTime() !== wanted?.getTime()) warnings.push('The token expires with the one that made it.');
  return warnings;
}

/** Revokes a token of the account, and those that were made with it. Throws `not_found` and `proof_required`. */
export async function revokeOwnToken(tx: Tx, principal: AccountPrincipal, id: number | null): Promise<void> {
  assertRecentProof(principal);
  const token = await getOwnToken(tx, principal, id);
  await revokeToken(tx, token.id);
}
