import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { randomSecret, sha256 } from '../../lib/crypto.ts';
import { AppError } from '../../lib/errors.ts';

/** What a link does: `password` sets one, `email` makes an address that of the account. */
export type LinkPurpose = 'password' | 'email';

export interface AccountLink {
  accountId: number;
  /** Where it was sent. */
  email: string;
}

/** Of one account; a new link replaces the oldest. */
const MAX_LINKS = 5;

/** The pages behind the links; the secret is in the fragment, which browsers keep to themselves. */
const PAGES: Record<LinkPurpose, string> = { password: '/account/password', email: '/account/email' };

/** The whole link, as it is mailed or shown. */
export const linkUrl = (publicUrl: string, purpose: LinkPurpose, secret: string): string =>
  `${publicUrl}${PAGES[purpose]}#${secret}`;

/** Makes a link that can be used once. Returns its secret, of which only a hash is stored. */
export async function createLink(
  tx: Tx,
  purpose: LinkPurpose,
  { accountId, email }: AccountLink,
  hours: number,
): Promise<string> {
  const secret = randomSecret();
  await tx
    .insertInto('account_links')
    .values({
      secret_hash: sha256(secret),
      user_id: accountId,
      purpose,
      email,
      expires_at: sql<Date>`now() + make_interval(hours => ${hours})`,
    })
    .execute();
  await tx
    .deleteFrom('account_links')
    .where('secret_hash', 'in', (eb) =>
      eb
        .selectFrom('account_links')
        .select('secret_hash')
        .where('user_id', '=', accountId)
        .where('purpose', '=', purpose)
        .orderBy('created_at', 'desc')
        .offset(MAX_LINKS),
    )
    .execute();
  return secret;
}

/**
 * Uses a link up. Of two at once, one gets it. Throws `link_invalid` where it was used, has expired or never was, which
 * is not told apart.
 */
export async function takeLink(tx: Tx, purpose: LinkPurpose, secret: string): Promise<AccountLink> {
  const link = await tx
    .deleteFrom('account_links')
    .where('secret_hash', '=', sha256(secret))
    .where('purpose', '=', purpose)
    .where('expires_at', '>', sql<Date>`now()`)
    .returning(['user_id', 'email'])
    .executeTakeFirst();
  if (!link) throw linkInvalid();
  return { accountId: link.user_id, email: link.email };
}

/** Makes the links of an account useless, since what they were for has changed. */
export async function dropLinks(tx: Tx, accountId: number): Promise<void> {
  await tx.deleteFrom('account_links').where('user_id', '=', accountId).execute();
}

/** Deletes links that have expired. */
export async function purgeLinks(db: Queryable): Promise<void> {
  await db.deleteFrom('account_links').where('expires_at', '<=', sql<Date>`now()`).execute();
}

export const linkInvalid = (): AppError =>
  new AppError('link_invalid', 'This link was used already, or has expired. Ask for a new one.');
