import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { invalidState } from '../../lib/errors.ts';
import { endSessions } from '../sessions/store.ts';
import { lockTeamsOf, recordDeparture } from '../teams/members.ts';
import { revokeTokensOfAccount } from '../tokens/service.ts';
import { assertOtherOperator } from './disabling.ts';
import { dropLinks } from './links.ts';
import { lockAccount } from './store.ts';

/**
 * Deletes an account: nothing of it can sign in or act any more, and its name and address are gone. The row stays, since
 * what it made for its teams names it. Throws `invalid_state` while a team would lose its last owner, or what it has, and for
 * the only operator.
 */
export async function deleteAccount(tx: Tx, accountId: number): Promise<void> {
  await lockAccount(tx, accountId);
  await lockTeamsOf(tx, accountId);
  await assertNobodyNeedsIt(tx, accountId);
  await assertOtherOperator(tx, accountId);
  await endSessions(tx, accountId);
  await dropLinks(tx, accountId);
  await recordDeparture(tx, accountId);
  for (const table of ['passkeys', 'identities', 'recovery_codes', 'ceremonies', 'team_members'] as const)
    await tx.deleteFrom(table).where('user_id', '=', accountId).execute();
  await revokeTokensOfAccount(tx, accountId);
  await tx
    .updateTable('users')
    .set({
      email: `deleted-${accountId}@deleted.invalid`,
      name: 'Deleted account',
      password_hash: null,
      totp_sealed: null,
      totp_enabled_at: null,
      operator: false,
      disabled_at: sql`now()`,
      deleted_at: sql`now()`,
    })
    .where('id', '=', accountId)
    .execute();
}

async function assertNobodyNeedsIt(tx: Tx, accountId: number): Promise<void> {
  const { rows } = await sql<{ name: string; members: number; used: number }>`
    select t.name,
      (select count(*) from team_members other where other.team_id = t.id) - 1 as members,
      (select coalesce(sum(used), 0) from team_usage usage where usage.team_id = t.id) as used
    from teams t join team_members m on m.team_id = t.id and m.user_id = ${accountId} and m.role = 'owner'
    where not exists (select from team_members other join users u on u.id = other.user_id
      where other.team_id = t.id and other.role = 'owner' and other.user_id <> ${accountId} and u.disabled_at is null)
    order by t.id`.execute(tx);
  const needed = rows.find(({ members, used }) => members > 0 || used > 0);
  if (!needed) return;
  const why =
    needed.members > 0 ? 'has other members: make one of them an owner' : 'has resources: delete them';
  throw invalidState(
    `You are the only owner of the team "${needed.name}", which ${why} first.`,
    'last_owner',
  );
}
