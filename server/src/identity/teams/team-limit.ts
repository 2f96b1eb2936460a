import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { AppError } from '../../lib/errors.ts';

/** How many teams an account may own; `users.team_limit` overrides it for one. */
export const TEAM_LIMIT = 5;

/**
 * Throws `quota_exceeded` where the account owns as many teams as it may, whether it has made them or they were handed over to
 * it: each team has quotas of its own. Who makes it an owner elsewhere waits until the transaction ends.
 */
export async function assertMayOwn(tx: Tx, accountId: number): Promise<void> {
  const { team_limit: ownLimit } = await tx
    .selectFrom('users')
    .select('team_limit')
    .where('id', '=', accountId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const limit = ownLimit ?? TEAM_LIMIT;
  const { used } = await tx
    .selectFrom('team_members')
    .select(sql<number>`count(*)`.as('used'))
    .where('user_id', '=', accountId)
    .where('role', '=', 'owner')
    .executeTakeFirstOrThrow();
  if (used < limit) return;
  throw new AppError(
    'quota_exceeded',
    `This account owns ${used} of ${limit} teams. It can delete or leave one that is no longer needed, or ask the operator for more.`,
    { extra: { quota: 'team', limit, used } },
  );
}
