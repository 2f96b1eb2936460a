import type { Database } from '../../db/database.ts';
import { lockInstall } from '../../db/transaction-locks.ts';
import { SCOPE_SETS } from '../../http/scopes.ts';
import { createToken } from '../tokens/service.ts';
import { createLink } from './links.ts';
import { insertAccount } from './store.ts';

const EMAIL = 'admin@localhost';
/** For how long the link of the first start sets a password, in hours. */
const LINK_HOURS = 72;

/** What the first start of an install made. */
export interface FirstCredentials {
  /** Plain text of a token with all scopes. */
  token: string;
  /** Secret of the link to set the account's password. */
  linkSecret: string;
}

/**
 * Creates the operator's account, team and first token where the install has no account yet. When several processes
 * call it at once, one of them gets the credentials and the others null.
 */
export async function ensureFirstAccount(
  database: Database,
): Promise<{ account: string; made: FirstCredentials | null }> {
  return database.transaction(async (tx) => {
    await lockInstall(tx, 'first-account');
    const present = await tx.selectFrom('users').select('email').orderBy('id').limit(1).executeTakeFirst();
    if (present) return { account: present.email, made: null };
    const account = { email: EMAIL, name: 'Administrator', passwordHash: null, verified: true };
    const { accountId, teamId } = (await insertAccount(tx, account))!;
    await tx
      .updateTable('users')
      .set({ tier: 'enterprise', operator: true })
      .where('id', '=', accountId)
      .execute();
    const token = await createToken(tx, {
      accountId,
      teamId,
      name: 'First token',
      scopes: SCOPE_SETS.admin,
      expiresAt: null,
    });
    const linkSecret = await createLink(tx, 'password', { accountId, email: EMAIL }, LINK_HOURS);
    return { account: EMAIL, made: { token: token.plainText, linkSecret } };
  });
}
