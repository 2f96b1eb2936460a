import { type Selectable, sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { Tokens } from '../../db/schema.gen.ts';
import { isPrintable } from '../../http/schema.ts';
import { DEFAULT_SCOPES, isScope, SCOPES, type Scope } from '../../http/scopes.ts';
import { randomSecret, sha256 } from '../../lib/crypto.ts';
import { AppError, invalid, notFound } from '../../lib/errors.ts';
import { recordTokens, tokenEvents } from './events.ts';

export interface NewToken {
  accountId: number;
  /** The team that requests act on unless `X-Team-Id` names another. The user must be a member. */
  teamId: number;
  name: string;
  scopes?: readonly Scope[];
  /** Null: the token does not expire. */
  expiresAt?: Date | null;
  /** The token that makes it, and takes it along when it is revoked. */
  parentId?: number | null;
}

export interface TokenInfo {
  id: number;
  name: string;
  accountId: number;
  teamId: number;
  scopes: string[];
  /** Those of them that no request has needed yet. */
  unusedScopes: string[];
  parentId: number | null;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  lastUsedIp: string | null;
  revokedAt: Date | null;
}

/**
 * Creates a token and returns its plain text, `ID|SECRET`. Only a hash is stored, so this is the only time it can be
 * read. Throws `validation_failed` for an unknown scope, an empty name or one with control characters,
 * or an expiry in the past.
 */
export async function createToken(
  db: Queryable,
  token: NewToken,
): Promise<{ id: number; plainText: string }> {
  const scopes = token.scopes ?? DEFAULT_SCOPES;
  const unknown = scopes.filter((scope) => !isScope(scope));
  if (unknown.length > 0)
    throw invalid({ scopes: [`Unknown scopes: ${unknown.join(', ')}. There are: ${SCOPES.join(', ')}.`] });
  const name = token.name.trim();
  if (name === '' || name.length > 255) throw invalid({ name: ['The name must be 1 to 255 characters.'] });
  if (!isPrintable(name)) throw invalid({ name: ['The name must not contain control characters.'] });
  if (token.expiresAt && token.expiresAt.getTime() <= Date.now()) {
    throw invalid({ expires_at: ['The expiry must be in the future.'] });
  }
  const secret = randomSecret();
  const { id } = await db
    .insertInto('tokens')
    .values({
      name,
      user_id: token.accountId,
      team_id: token.teamId,
      scopes: [...new Set(scopes)],
      secret_hash: sha256(secret),
      expires_at: token.expiresAt ?? null,
      parent_id: token.parentId ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id, plainText: `${id}|${secret}` };
}

/** Lists the tokens of a user, or of all users, oldest first. Never returns their secrets. */
export async function listTokens(db: Queryable, accountId?: number): Promise<TokenInfo[]> {
  let query = db.selectFrom('tokens').selectAll().orderBy('id');
  if (accountId !== undefined) query = query.where('user_id', '=', accountId);
  return (await query.execute()).map(describeToken);
}

/** What may be told of a token. */
export const describeToken = (row: Selectable<Tokens>): TokenInfo => ({
  id: row.id,
  name: row.name,
  accountId: row.user_id,
  teamId: row.team_id,
  scopes: row.scopes,
  unusedScopes: row.scopes.filter((scope) => !row.used_scopes.includes(scope)),
  parentId: row.parent_id,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  lastUsedIp: row.last_used_ip,
  revokedAt: row.revoked_at,
});

/**
 * Revokes a token and those that were made with it; every server process rejects them within a second. Idempotent.
 * Throws `not_found`.
 */
export async function revokeToken(tx: Tx, id: number): Promise<void> {
  const found = await tx.selectFrom('tokens').select('user_id').where('id', '=', id).executeTakeFirst();
  if (!found) throw notFound('Token');
  // Whoever makes a token locks its account, so none that is being made with this one is missed.
  await tx.selectFrom('users').select('id').where('id', '=', found.user_id).forUpdate().execute();
  await revokeWhere(
    tx,
    sql`id in (
      with recursive family as (
        select ${id}::bigint as id
        union select child.id from tokens child join family on child.parent_id = family.id)
      select id from family)`,
  );
}

export const revoked = (): AppError =>
  new AppError('unauthenticated', 'This API token was revoked. Use another one.');

/** Revokes the account's tokens of a team that it is no member of any more. */
export async function revokeTokensOfMember(tx: Tx, teamId: number, accountId: number): Promise<void> {
  await revokeWhere(tx, sql`team_id = ${teamId} and user_id = ${accountId}`);
}

/** Revokes all tokens of an account, in whatever team. */
export const revokeTokensOfAccount = (tx: Tx, accountId: number): Promise<void> =>
  revokeWhere(tx, sql`user_id = ${accountId}`);

/** Revokes all tokens of a team. */
export const revokeTokensOfTeam = (tx: Tx, teamId: number): Promise<void> =>
  revokeWhere(tx, sql`team_id = ${teamId}`);

async function revokeWhere(tx: Tx, condition: ReturnType<typeof sql>): Promise<void> {
  const { rows } = await sql<{ id: number; name: string; user_id: number; team_id: number }>`
    update tokens set revoked_at = now() where revoked_at is null and ${condition}
    returning id, name, user_id, team_id`.execute(tx);
  await recordTokens(tx, tokenEvents.revoked, rows);
}
