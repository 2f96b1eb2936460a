import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { lockInstall } from '../../db/transaction-locks.ts';
import { invalidState, notFound } from '../../lib/errors.ts';
import { endSessions } from '../sessions/store.ts';
import { lockTeamsOf, withdrawInvitationsOfAccount } from '../teams/members.ts';

/**
 * Disables an account: its sessions end, and neither they nor its tokens do anything until it is enabled. What its teams
 * have goes on. Its open invitations are withdrawn, so that nobody gets in by them. Idempotent. Throws `not_found`, also for
 * a deleted account.
 */
export async function disableAccount(tx: Tx, accountId: number): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({ disabled_at: sql<Date>`coalesce(disabled_at, now())` })
    .where('id', '=', accountId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw notFound('Account');
  await endSessions(tx, accountId);
  await lockTeamsOf(tx, accountId);
  await withdrawInvitationsOfAccount(tx, accountId);
}

/** Lets an account sign in again; its tokens work again as well. Idempotent. Throws `not_found`, also for a deleted account. */
export async function enableAccount(tx: Tx, accountId: number): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({ disabled_at: null })
    .where('id', '=', accountId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw notFound('Account');
}

/**
 * Throws `invalid_state` where the account is the only operator that can sign in: only the host could make another one. Of
 * two operators that disable each other at once, the second one waits, and sees what the first has done.
 */
export async function assertOtherOperator(tx: Tx, accountId: number): Promise<void> {
  await lockInstall(tx, 'operators');
  const { rows } = await sql<{ isNeeded: boolean }>`
    select operator and disabled_at is null and not exists (select from users other
      where other.operator and other.disabled_at is null and other.id <> users.id) as "isNeeded"
    from users where id = ${accountId}`.execute(tx);
  if (!rows[0]?.isNeeded) return;
  throw invalidState(
    'This is the only operator that can sign in. Make another one on the host first: danube operator grant.',
    'last_operator',
  );
}

/** The teams that have members, and no owner but disabled ones. */
export async function teamsWithoutOwner(
  db: Queryable,
  accountId: number,
): Promise<{ id: number; name: string }[]> {
  const { rows } = await sql<{ id: number; name: string }>`
    select t.id, t.name from teams t join team_members m on m.team_id = t.id and m.user_id = ${accountId}
    where m.role = 'owner' and t.deleted_at is null and not exists (
      select from team_members other join users u on u.id = other.user_id
      where other.team_id = t.id and other.role = 'owner' and u.disabled_at is null)
    order by t.id`.execute(db);
  return rows;
}
