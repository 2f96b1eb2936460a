import { sql } from 'kysely';
import type { Database } from '../../db/database.ts';
import { SCOPE_SETS } from '../../http/scopes.ts';
import { insertTeam } from '../teams/members.ts';
import { createToken } from '../tokens/service.ts';

const EMAIL = 'admin@localhost';

/**
 * Creates the operator's account, team and first token where the install has no account yet. When several processes
 * call it at once, one of them gets the token and the others null.
 */
export async function ensureFirstAccount(
  database: Database,
): Promise<{ account: string; token: string | null }> {
  return database.transaction(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('danube.first-account'))`.execute(tx);
    const present = await tx.selectFrom('users').select('email').orderBy('id').limit(1).executeTakeFirst();
    if (present) return { account: present.email, token: null };
    const user = await tx
      .insertInto('users')
      .values({ email: EMAIL, name: 'Administrator', tier: 'enterprise' })
      .returning('id')
      .executeTakeFirstOrThrow();
    const teamId = await insertTeam(tx, { name: 'Personal', personal: true, ownerId: user.id });
    const token = await createToken(tx, {
      accountId: user.id,
      teamId,
      name: 'First token',
      scopes: SCOPE_SETS.admin,
      expiresAt: null,
    });
    return { account: EMAIL, token: token.plainText };
  });
}
