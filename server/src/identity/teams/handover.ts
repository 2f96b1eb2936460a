import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { invalid, invalidState, notFound } from '../../lib/errors.ts';
import { isMailAddress } from '../../mail/address.ts';
import { renderMail } from '../../mail/layout.ts';
import type { Mailer } from '../../mail/mailer.ts';
import { recordTeam, teamEvents } from './events.ts';
import { addMember, changeRole, getMember, lockTeam, type Member } from './members.ts';

/** What a team is handed over to, and who owned it before. */
export interface Handover {
  team: { id: number; name: string };
  owner: Member;
  former: Member[];
}

/**
 * Hands a team over whose owners cannot sign in: the account becomes its owner, and a member if it was none, and they become
 * admins. A personal team is an ordinary one from then on, which its owner may delete. The new owner and the former ones are told by
 * e-mail, members by the log of events.
 *
 * Throws `not_found` for a deleted team and an account that there is not, `invalid_state` where an owner can sign in,
 * `validation_failed` where the account cannot, and `quota_exceeded` where it owns as many teams as it may, or the team has as
 * many members.
 */
export async function handOverTeam(
  tx: Tx,
  { teamId, accountId }: { teamId: number | null; accountId: number },
  mail: Mailer,
): Promise<Handover> {
  if (teamId === null) throw notFound('Team');
  const team = await lockTeam(tx, teamId);
  const former = await ownersWhoCannotSignIn(tx, teamId);
  const role = await roleOfNewOwner(tx, teamId, accountId);
  if (role === null) await addMember(tx, teamId, accountId, 'owner');
  else await changeRole(tx, teamId, await getMember(tx, teamId, accountId), 'owner');
  for (const member of former) await changeRole(tx, teamId, member, 'admin');
  await tx.updateTable('teams').set({ personal: false }).where('id', '=', teamId).execute();
  const owner = await getMember(tx, teamId, accountId);
  await recordTeam(tx, teamId, teamEvents.handedOver, { user_id: accountId, name: owner.name });
  await tell(tx, { team, owner, former }, mail);
  return { team, owner, former };
}

/** Throws `invalid_state` where one can. They stay as they are until the transaction ends. */
async function ownersWhoCannotSignIn(tx: Tx, teamId: number): Promise<Member[]> {
  const owners = await tx
    .selectFrom('team_members as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(['u.id', 'u.disabled_at'])
    .where('m.team_id', '=', teamId)
    .where('m.role', '=', 'owner')
    .orderBy('u.id')
    .forShare('u')
    .execute();
  if (owners.some(({ disabled_at }) => disabled_at === null)) {
    throw invalidState(
      'An owner of this team can sign in, and can transfer it. Disable the account first, if it must not.',
      'has_owner',
    );
  }
  return Promise.all(owners.map(({ id }) => getMember(tx, teamId, id)));
}

/** The present role of the account in the team; null: it is no member. Throws where it cannot sign in. */
async function roleOfNewOwner(tx: Tx, teamId: number, accountId: number): Promise<string | null> {
  const account = await tx
    .selectFrom('users as u')
    .leftJoin('team_members as m', (join) =>
      join.onRef('m.user_id', '=', 'u.id').on('m.team_id', '=', teamId),
    )
    .select(['m.role', 'u.deleted_at'])
    .select(sql<boolean>`u.disabled_at is null and u.email_verified_at is not null`.as('can_sign_in'))
    .where('u.id', '=', accountId)
    .forShare('u')
    .executeTakeFirst();
  if (!account || account.deleted_at) throw notFound('Account');
  if (!account.can_sign_in)
    throw invalid({
      account: ['This account cannot sign in: it is disabled, or its address is not confirmed.'],
    });
  return account.role;
}

async function tell(tx: Tx, { team, owner, former }: Handover, mail: Mailer): Promise<void> {
  const footer = 'If you do not expect this, ask the operator.';
  const write = async ({ email }: Member, paragraph: string): Promise<void> => {
    if (!isMailAddress(email)) return;
    const subject = `The team ${team.name} was handed over`;
    await mail.queueMail(tx, { to: email, subject, ...renderMail({ paragraphs: [paragraph], footer }) });
  };
  await write(owner, `The operator has made you the owner of the team "${team.name}", with all that it has.`);
  for (const member of former) {
    await write(
      member,
      `The operator has handed the team "${team.name}" over to ${owner.name}. You are an admin of it, and no owner any more.`,
    );
  }
}
