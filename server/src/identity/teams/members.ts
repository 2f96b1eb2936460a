import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { assertScope, type TeamPrincipal, teamForbidden, withRole } from '../../http/principal.ts';
import { type Role, type Scope, scopesOfRole } from '../../http/scopes.ts';
import { invalidState, notFound } from '../../lib/errors.ts';
import { revokeTokensOfMember } from '../tokens/service.ts';
import { recordTeam, teamEvents } from './events.ts';
import { assertQuotaWithin } from './quotas.ts';
import { assertMayOwn } from './team-limit.ts';

/** Creates a team with its first owner; returns its id. */
export async function insertTeam(
  tx: Tx,
  { name, ownerId, personal = false }: { name: string; ownerId: number; personal?: boolean },
): Promise<number> {
  const { id } = await tx
    .insertInto('teams')
    .values({ name, personal })
    .returning('id')
    .executeTakeFirstOrThrow();
  await tx.insertInto('team_members').values({ team_id: id, user_id: ownerId, role: 'owner' }).execute();
  return id;
}

/** SQL: the teams of the account `u` of a query, with its role in each; for {@link rolesOf}. */
export const roleRows = sql<{ team: number; role: Role }[]>`(
  select coalesce(json_agg(json_build_object('team', team_id, 'role', role)), '[]')
  from team_members where user_id = u.id
)`.as('roles');

/** The account's role in each of its teams, by team id. */
export const rolesOf = ({ roles }: { roles: { team: number; role: Role }[] }): Map<number, Role> =>
  new Map(roles.map(({ team, role }) => [team, role]));

export interface Member {
  id: number;
  name: string;
  email: string;
  role: Role;
  joined_at: string;
}

const membersOf = (db: Queryable, teamId: number) =>
  db
    .selectFrom('team_members as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(['u.id', 'u.name', 'u.email', 'm.role', 'm.joined_at'])
    .where('m.team_id', '=', teamId);

const viewMember = (row: Omit<Member, 'role' | 'joined_at'> & { role: string; joined_at: Date }): Member => ({
  ...row,
  role: row.role as Role,
  joined_at: row.joined_at.toISOString(),
});

/** The members of the team, those that have been there longest first. */
export async function listMembers(db: Queryable, teamId: number): Promise<Member[]> {
  const rows = await membersOf(db, teamId).orderBy('m.joined_at').orderBy('u.id').execute();
  return rows.map(viewMember);
}

/** One member; throws `not_found`. */
export async function getMember(db: Queryable, teamId: number, id: number | null): Promise<Member> {
  const row = id === null ? undefined : await membersOf(db, teamId).where('u.id', '=', id).executeTakeFirst();
  if (!row) throw notFound('Member');
  return viewMember(row);
}

/** Changes of a team's members wait for each other, so that its last owner stays. Throws `not_found` for a deleted one. */
export async function lockTeam(tx: Tx, teamId: number) {
  const team = await tx
    .selectFrom('teams')
    .select(['id', 'name', 'personal'])
    .where('id', '=', teamId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  if (!team) throw notFound('Team');
  return team;
}

/**
 * Locks the team for who needs `scope` there, and returns it with that principal as it is now: the role that the request began
 * with may be a second old, which is enough to take it back from who has just taken it away. Throws `team_forbidden` and
 * `missing_scope`.
 */
export async function lockTeamFor(tx: Tx, principal: TeamPrincipal, scope: Scope) {
  const team = await lockTeam(tx, principal.team.id);
  const member = await membersOf(tx, team.id).where('u.id', '=', principal.accountId).executeTakeFirst();
  if (!member) throw teamForbidden();
  const asker = withRole(principal, member.role as Role);
  assertScope(asker, scope);
  return { team, asker };
}

/** Adds a member. Throws `invalid_state` where it is one, and `quota_exceeded`. The team must be locked. */
export async function addMember(tx: Tx, teamId: number, accountId: number, role: Role): Promise<void> {
  const members = await listMembers(tx, teamId);
  if (members.some(({ id }) => id === accountId))
    throw invalidState('You are a member of this team already.', 'member');
  await assertQuotaWithin(tx, teamId, 'member', 'team', members.length);
  if (role === 'owner') await assertMayOwn(tx, accountId);
  await tx.insertInto('team_members').values({ team_id: teamId, user_id: accountId, role }).execute();
  const { name } = await getMember(tx, teamId, accountId);
  await recordTeam(tx, teamId, teamEvents.memberAdded, { user_id: accountId, name, role });
}

/**
 * Gives a member another role. Who touches owners needs `team:delete`. Throws `invalid_state` for the last owner, and
 * `quota_exceeded` for an account that owns as many teams as it may.
 */
export async function setRole(
  tx: Tx,
  principal: TeamPrincipal,
  id: number | null,
  role: Role,
): Promise<Member> {
  const teamId = principal.team.id;
  const { asker } = await lockTeamFor(tx, principal, 'team:write');
  const member = await getMember(tx, teamId, id);
  if (member.role === 'owner' || role === 'owner') assertScope(asker, 'team:delete');
  if (member.role === 'owner' && role !== 'owner') await assertOtherOwner(tx, teamId, member.id);
  return changeRole(tx, teamId, member, role);
}

/** Gives a member another role, whoever asks. Throws `quota_exceeded`, as {@link setRole} does. The team must be locked. */
export async function changeRole(tx: Tx, teamId: number, member: Member, role: Role): Promise<Member> {
  if (role === member.role) return member;
  const { id: user_id, name, role: before } = member;
  if (role === 'owner') await assertMayOwn(tx, user_id);
  await tx
    .updateTable('team_members')
    .set({ role })
    .where('team_id', '=', teamId)
    .where('user_id', '=', user_id)
    .execute();
  await recordTeam(tx, teamId, teamEvents.roleChanged, { user_id, name, role, before });
  await withdrawInvitationsOf(tx, teamId, user_id, role);
  return { ...member, role };
}

/** Makes another member the owner, and the one that asks an admin. */
export async function transferTeam(tx: Tx, principal: TeamPrincipal, to: number): Promise<Member> {
  if (to === principal.accountId) throw invalidState('You are an owner of this team already.', 'owner');
  const member = await setRole(tx, principal, to, 'owner');
  await setRole(tx, principal, principal.accountId, 'admin');
  return member;
}

/** Removes a member, and revokes the account's tokens of this team. */
export async function removeMember(tx: Tx, principal: TeamPrincipal, id: number | null): Promise<void> {
  const teamId = principal.team.id;
  const { asker } = await lockTeamFor(tx, principal, 'team:write');
  const member = await getMember(tx, teamId, id);
  if (member.role === 'owner') assertScope(asker, 'team:delete');
  await endMembership(tx, teamId, member, 'memberRemoved');
}

/** The account leaves a team of its own accord. Throws `not_found` where it is no member. */
export async function leaveTeam(tx: Tx, accountId: number, teamId: number | null): Promise<void> {
  if (teamId === null) throw notFound('Team');
  const isMember = await membersOf(tx, teamId).where('u.id', '=', accountId).executeTakeFirst();
  if (!isMember) throw notFound('Team');
  await lockTeam(tx, teamId);
  await endMembership(tx, teamId, await getMember(tx, teamId, accountId), 'memberLeft');
}

async function endMembership(
  tx: Tx,
  teamId: number,
  member: Member,
  how: 'memberRemoved' | 'memberLeft',
): Promise<void> {
  if (member.role === 'owner') await assertOtherOwner(tx, teamId, member.id);
  await tx
    .deleteFrom('team_members')
    .where('team_id', '=', teamId)
    .where('user_id', '=', member.id)
    .execute();
  await recordTeam(tx, teamId, teamEvents[how], { user_id: member.id, name: member.name });
  await withdrawInvitationsOf(tx, teamId, member.id, null);
  await revokeTokensOfMember(tx, teamId, member.id);
}

/**
 * Withdraws the invitations of a member that it could not make any more: who has kept the link of one would be back at once, or
 * let others in. `role`: its new one; null where it is no member any more. The team must be locked.
 */
async function withdrawInvitationsOf(
  tx: Tx,
  teamId: number,
  accountId: number,
  role: Role | null,
): Promise<void> {
  const may = (scope: Scope): boolean => role !== null && scopesOfRole(role).has(scope);
  if (may('team:delete')) return;
  const gone = await tx
    .deleteFrom('team_invitations')
    .where('team_id', '=', teamId)
    .where('invited_by', '=', accountId)
    .$if(may('team:write'), (all) => all.where('role', '=', 'owner'))
    .returning(['id', 'role'])
    .execute();
  for (const { id: invitation_id, role: to } of gone)
    await recordTeam(tx, teamId, teamEvents.invitationWithdrawn, { invitation_id, role: to });
}

/**
 * Locks the teams of an account that is about to be deleted, so that none loses its last owner meanwhile: of two that go at
 * once, one sees that the other has gone.
 */
export async function lockTeamsOf(tx: Tx, accountId: number): Promise<void> {
  await sql`select t.id from teams t join team_members m on m.team_id = t.id
    where m.user_id = ${accountId} order by t.id for update of t`.execute(tx);
}

/**
 * Writes in the log of each of its teams that an account, which is about to be deleted, leaves it, and withdraws its
 * invitations. The teams must be locked.
 */
export async function recordDeparture(tx: Tx, accountId: number): Promise<void> {
  const teams = await tx
    .selectFrom('team_members as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(['m.team_id', 'u.name'])
    .where('u.id', '=', accountId)
    .execute();
  for (const { team_id, name } of teams)
    await recordTeam(tx, team_id, teamEvents.memberLeft, { user_id: accountId, name });
  await withdrawInvitationsOfAccount(tx, accountId);
}

/** Withdraws the invitations of an account to whatever team. Its teams must be locked. */
export async function withdrawInvitationsOfAccount(tx: Tx, accountId: number): Promise<void> {
  const teams = await tx
    .selectFrom('team_members')
    .select('team_id')
    .where('user_id', '=', accountId)
    .orderBy('team_id')
    .execute();
  for (const { team_id } of teams) await withdrawInvitationsOf(tx, team_id, accountId, null);
}

/** An owner whose account is disabled is none that a team could be left to. */
async function assertOtherOwner(tx: Tx, teamId: number, accountId: number): Promise<void> {
  const other = await membersOf(tx, teamId)
    .where('m.role', '=', 'owner')
    .where('u.id', '<>', accountId)
    .where('u.disabled_at', 'is', null)
    .executeTakeFirst();
  if (other) return;
  throw invalidState(
    'This is the last owner of the team. Make another member an owner first, or delete the team.',
    'last_owner',
  );
}
