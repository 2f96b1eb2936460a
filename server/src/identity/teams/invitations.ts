import { type Selectable, sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { TeamInvitations } from '../../db/schema.gen.ts';
import type { AccountPrincipal, TeamPrincipal } from '../../http/principal.ts';
import type { Role } from '../../http/scopes.ts';
import { randomSecret, sha256 } from '../../lib/crypto.ts';
import { AppError, invalid, notFound } from '../../lib/errors.ts';
import { isMailAddress } from '../../mail/address.ts';
import { renderMail } from '../../mail/layout.ts';
import type { Mailer } from '../../mail/mailer.ts';
import { recordTeam, teamEvents } from './events.ts';
import { addMember, lockTeam, lockTeamFor } from './members.ts';
import { assertQuotaWithin } from './quotas.ts';

/** The page behind a link; the code is in the fragment, which browsers keep to themselves. */
const PAGE = '/invitation';
/**
 * Invitations within a day after which a team mails no more: whoever withdraws each and invites again would mail strangers
 * without end.
 */
const MAILED_PER_DAY = 50;

export interface InvitationWish {
  role: Role;
  /** Null: a link, for whoever gets it. */
  email: string | null;
  days: number;
}

/** What invitations are sent with. */
export interface Sender {
  mail: Mailer;
  publicUrl: string;
}

const viewInvitation = (row: Selectable<TeamInvitations>) => ({
  id: row.id,
  team_id: row.team_id,
  role: row.role as Role,
  email: row.email,
  invited_by: row.invited_by,
  created_at: row.created_at.toISOString(),
  expires_at: row.expires_at.toISOString(),
});
export type InvitationView = ReturnType<typeof viewInvitation>;

/** The invitations that can still be accepted. */
export async function listInvitations(db: Queryable, teamId: number): Promise<InvitationView[]> {
  const rows = await db
    .selectFrom('team_invitations')
    .selectAll()
    .where('team_id', '=', teamId)
    .where('expires_at', '>', sql<Date>`now()`)
    .orderBy('id')
    .execute();
  return rows.map(viewInvitation);
}

/**
 * Invites to the team. By e-mail, only the account with that address can accept, and only the mail has the code; otherwise
 * the code is returned. Members and invitations together keep to the quota. Throws `not_available` where the install sends no mail,
 * and `rate_limited`.
 */
export async function invite(
  tx: Tx,
  principal: TeamPrincipal,
  { role, email, days }: InvitationWish,
  sender: Sender,
): Promise<{ invitation: InvitationView; code: string | null; url: string | null }> {
  if (email !== null && !isMailAddress(email))
    throw invalid({ email: ['The email field must be an e-mail address.'] });
  if (email !== null && !sender.mail.mailEnabled) {
    throw new AppError(
      'not_available',
      'This install sends no e-mail. Leave email out to get a link, and pass it on yourself.',
    );
  }
  const { team } = await lockTeamFor(tx, principal, role === 'owner' ? 'team:delete' : 'team:write');
  const { id: teamId } = team;
  await assertRoom(tx, teamId);
  if (email !== null) await assertMayMail(tx, teamId);
  const code = randomSecret();
  const row = await tx
    .insertInto('team_invitations')
    .values({
      team_id: teamId,
      role,
      email,
      code_hash: sha256(code),
      invited_by: principal.accountId,
      expires_at: sql<Date>`now() + make_interval(days => ${days})`,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordTeam(tx, teamId, teamEvents.invitationSent, { invitation_id: row.id, role });
  const url = `${sender.publicUrl}${PAGE}#${code}`;
  if (email === null) return { invitation: viewInvitation(row), code, url };
  const letter = renderMail({
    paragraphs: [
      `You are invited to the team "${team.name}" on ${new URL(sender.publicUrl).host}, as ${role}.`,
    ],
    action: { label: 'Accept the invitation', url },
    footer: `The link can be used once, until ${row.expires_at.toISOString().slice(0, 10)}. If you do not know the team, ignore this.`,
  });
  const subject = `Invitation to ${team.name}`;
  await sender.mail.queueMail(tx, { to: email, subject, ...letter, expiresAt: row.expires_at });
  return { invitation: viewInvitation(row), code: null, url: null };
}

async function assertRoom(tx: Tx, teamId: number): Promise<void> {
  const { rows } = await sql<{ used: number }>`
    select (select count(*) from team_members where team_id = ${teamId})
      + (select count(*) from team_invitations where team_id = ${teamId} and expires_at > now()) as used`.execute(
    tx,
  );
  await assertQuotaWithin(tx, teamId, 'member', 'team', rows[0]!.used);
}

/** The log of the team tells how many there were, also of those that were withdrawn. */
async function assertMayMail(tx: Tx, teamId: number): Promise<void> {
  const { sent } = await tx
    .selectFrom('events')
    .select(({ fn }) => fn.countAll<number>().as('sent'))
    .where('resource_id', '=', String(teamId))
    .where('team_id', '=', teamId)
    .where('type', '=', teamEvents.invitationSent.name)
    .where('created_at', '>', sql<Date>`now() - interval '1 day'`)
    .executeTakeFirstOrThrow();
  if (sent < MAILED_PER_DAY) return;
  throw new AppError(
    'rate_limited',
    `The team has invited ${MAILED_PER_DAY} times within a day. Leave email out to get a link, and pass it on yourself.`,
    { extra: { retry_after: 3600 } },
  );
}

/** Withdraws an invitation. Throws `not_found`. */
export async function withdrawInvitation(tx: Tx, principal: TeamPrincipal, id: number | null): Promise<void> {
  const gone =
    id !== null &&
    (await tx
      .deleteFrom('team_invitations')
      .where('id', '=', id)
      .where('team_id', '=', principal.team.id)
      .returning(['id', 'role'])
      .executeTakeFirst());
  if (!gone) throw notFound('Invitation');
  const { id: invitation_id, role } = gone;
  await recordTeam(tx, principal.team.id, teamEvents.invitationWithdrawn, { invitation_id, role });
}

/** Whether somebody has invited that address, for installs where only such may register. */
export async function isInvited(db: Queryable, email: string): Promise<boolean> {
  const row = await db
    .selectFrom('team_invitations')
    .select('id')
    .where(sql<boolean>`lower(email) = lower(${email})`)
    .where('expires_at', '>', sql<Date>`now()`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** What an invitation is to, and for whom: an address, or null for whoever has the link. Undefined: it cannot be used. */
export async function findInvitation(
  db: Queryable,
  code: string,
): Promise<{ email: string | null; role: Role; team: string } | undefined> {
  const row = await db
    .selectFrom('team_invitations as i')
    .innerJoin('teams as t', 't.id', 'i.team_id')
    .select(['i.email', 'i.role', 't.name as team'])
    .where('i.code_hash', '=', sha256(code))
    .where('i.expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  return row && { ...row, role: row.role as Role };
}

/**
 * Accepts an invitation, which is used up. Of two at once, one gets it. Throws `not_found` where the code was used, has
 * expired, never was, or is for another address, which is not told apart.
 */
export async function acceptInvitation(
  tx: Tx,
  { accountId }: Pick<AccountPrincipal, 'accountId'>,
  code: string,
): Promise<{ id: number; name: string; role: Role }> {
  const found = await tx
    .selectFrom('team_invitations')
    .select('team_id')
    .where('code_hash', '=', sha256(code))
    .executeTakeFirst();
  if (!found) throw unusable();
  // First of all, because who removes the member that has made the invitation withdraws it under this lock.
  const { id, name } = await lockTeam(tx, found.team_id);
  const row = await tx
    .deleteFrom('team_invitations')
    .where('code_hash', '=', sha256(code))
    .where('expires_at', '>', sql<Date>`now()`)
    .where(
      sql<boolean>`(email is null or lower(email) = (select lower(u.email) from users u where u.id = ${accountId}))`,
    )
    .returning(['id', 'role'])
    .executeTakeFirst();
  if (!row) throw unusable();
  const role = row.role as Role;
  await recordTeam(tx, id, teamEvents.invitationAccepted, { invitation_id: row.id, role });
  await addMember(tx, id, accountId, role);
  return { id, name, role };
}

const unusable = (): AppError =>
  new AppError(
    'not_found',
    'This invitation cannot be used: it was used before, has expired, or is for another e-mail address. Ask for a new one.',
  );
