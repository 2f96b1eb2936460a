import { type Expression, type SqlBool, sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { invalidState } from '../../lib/errors.ts';
import { insertTeam } from '../teams/members.ts';

/** What signing in needs to know of an account. */
export interface Account {
  id: number;
  email: string;
  name: string;
  password_hash: string | null;
  email_verified_at: Date | null;
  disabled_at: Date | null;
  deleted_at: Date | null;
  totp_enabled_at: Date | null;
}

const COLUMNS = [
  'id',
  'email',
  'name',
  'password_hash',
  'email_verified_at',
  'disabled_at',
  'deleted_at',
  'totp_enabled_at',
] as const;

/**
 * The form that browsers accept (HTML standard, `input type=email`): ASCII only, so that no two addresses look alike, and
 * folding their case is well defined. `admin@localhost` is one.
 */
export const EMAIL_PATTERN =
  "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$";

const EMAIL = new RegExp(EMAIL_PATTERN);

/** Whether a text that comes on another way than a request is an address. */
export const isEmail = (text: string): boolean => text.length <= 254 && EMAIL.test(text);

const hasEmail = (email: string): Expression<SqlBool> => sql<SqlBool>`email_key = lower(${email})`;

/** The account with this address, whatever its case. */
export const findByEmail = (db: Queryable, email: string): Promise<Account | undefined> =>
  db.selectFrom('users').select(COLUMNS).where(hasEmail(email)).executeTakeFirst();

export const findAccount = (db: Queryable, id: number): Promise<Account | undefined> =>
  db.selectFrom('users').select(COLUMNS).where('id', '=', id).executeTakeFirst();

/** The account of somebody who is signed in. Throws `invalid_state` where it was deleted at this moment. */
export async function mustFindAccount(db: Queryable, id: number): Promise<Account> {
  const account = await findAccount(db, id);
  if (!account) throw invalidState('The account was deleted.', 'deleted');
  return account;
}

/** The same, with its row locked. */
export const lockAccount = (tx: Tx, id: number): Promise<Account | undefined> =>
  tx.selectFrom('users').select(COLUMNS).where('id', '=', id).forUpdate().executeTakeFirst();

/**
 * Creates an account with a team of its own. Returns their ids, or null where the address is taken, also by a
 * request at the same moment.
 */
export async function insertAccount(
  tx: Tx,
  account: { email: string; name: string; passwordHash: string | null; verified: boolean },
): Promise<{ accountId: number; teamId: number } | null> {
  const user = await tx
    .insertInto('users')
    .values({
      email: account.email,
      name: account.name,
      password_hash: account.passwordHash,
      email_verified_at: account.verified ? sql`now()` : null,
    })
    .onConflict((conflict) => conflict.column('email_key').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (!user) return null;
  const teamId = await insertTeam(tx, { name: 'Personal', personal: true, ownerId: user.id });
  return { accountId: user.id, teamId };
}
