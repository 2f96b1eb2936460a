import { type Expression, type SqlBool, sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { randomSecret, sha256 } from '../../lib/crypto.ts';
import { uuidv7 } from '../../lib/ids.ts';

/** How somebody signed in. */
export type SignInMethod = 'password' | 'passkey' | 'provider';

export interface NewSession {
  accountId: number;
  method: SignInMethod;
  ip: string;
  userAgent: string | undefined;
}

/** A session ends so many days after the sign-in, and earlier where it is not used for {@link IDLE_DAYS}. */
export const SESSION_DAYS = 30;
const IDLE_DAYS = 7;
/** Of one account; a new one ends the oldest. */
const MAX_SESSIONS = 100;

/** Whether the session in this table or alias has not ended. */
export const isAlive = (table: 's' | 'sessions'): Expression<SqlBool> =>
  sql<SqlBool>`(${sql.ref(`${table}.expires_at`)} > now()
    and ${sql.ref(`${table}.last_used_at`)} > now() - make_interval(days => ${sql.lit(IDLE_DAYS)}))`;

/** Begins a session that acts on the account's first team. Only a hash of the secret is stored. */
export async function createSession(
  tx: Tx,
  { accountId, method, ip, userAgent }: NewSession,
): Promise<{ id: string; secret: string }> {
  const id = uuidv7();
  const secret = randomSecret();
  await tx
    .insertInto('sessions')
    .values((eb) => ({
      id,
      secret_hash: sha256(secret),
      user_id: accountId,
      team_id: eb
        .selectFrom('team_members')
        .select(({ fn }) => fn.min('team_id').as('first'))
        .where('user_id', '=', accountId),
      method,
      expires_at: sql<Date>`now() + make_interval(days => ${sql.lit(SESSION_DAYS)})`,
      last_used_ip: ip.replace(/%.*$/, ''),
      user_agent: userAgent === undefined ? null : printable(userAgent).slice(0, 500),
    }))
    .execute();
  await tx
    .deleteFrom('sessions')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', accountId)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .offset(MAX_SESSIONS),
    )
    .execute();
  return { id, secret };
}

/** What browsers call themselves is shown to the account holder: without what could hide or reorder other text. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?');

/** Notes that the account holder has given a password or passkey just now. */
export async function recordProof(tx: Tx, sessionId: string): Promise<void> {
  await tx.updateTable('sessions').set({ proved_at: sql`now()` }).where('id', '=', sessionId).execute();
}

/** Lists the sessions of an account that have not ended, the newest first. */
export const listSessions = (db: Queryable, accountId: number) =>
  db
    .selectFrom('sessions')
    .select(['id', 'method', 'created_at', 'expires_at', 'last_used_at', 'last_used_ip', 'user_agent'])
    .where('user_id', '=', accountId)
    .where(isAlive('sessions'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();

/** Ends one session of an account. Returns whether there was one. Servers let it read for another second at most. */
export async function endSession(tx: Tx, accountId: number, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('sessions')
    .where('user_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends all sessions of an account, but for one where that is given. Returns how many. */
export async function endSessions(tx: Tx, accountId: number, but: string | null = null): Promise<number> {
  let query = tx.deleteFrom('sessions').where('user_id', '=', accountId);
  if (but !== null) query = query.where('id', '!=', but);
  const { numDeletedRows } = await query.executeTakeFirst();
  return Number(numDeletedRows);
}

/** Deletes what is left of sessions that have ended. */
export async function purgeSessions(db: Queryable): Promise<void> {
  await db
    .deleteFrom('sessions')
    .where((eb) => eb.not(isAlive('sessions')))
    .execute();
}
