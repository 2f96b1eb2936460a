import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { AccountPrincipal, TeamPrincipal } from '../../http/principal.ts';
import { invalid, invalidState } from '../../lib/errors.ts';
import { assertRecentProof } from '../sessions/recent-proof.ts';
import { revokeTokensOfTeam } from '../tokens/service.ts';
import { recordTeam, teamEvents } from './events.ts';
import { insertTeam, lockTeamFor } from './members.ts';
import { assertMayOwn } from './team-limit.ts';

const viewTeam = ({ id, name, personal }: { id: number; name: string; personal: boolean }) => ({
  id,
  name,
  personal_team: personal,
  registry_namespace: null,
});
export type TeamView = ReturnType<typeof viewTeam>;

/** The teams that an account is a member of. */
export async function listTeams(db: Queryable, accountId: number): Promise<TeamView[]> {
  const rows = await db
    .selectFrom('teams')
    .innerJoin('team_members', 'team_members.team_id', 'teams.id')
    .select(['teams.id', 'teams.name', 'teams.personal'])
    .where('team_members.user_id', '=', accountId)
    .orderBy('teams.id')
    .execute();
  return rows.map(viewTeam);
}

/** The team that the principal acts for. */
export const getTeam = async (db: Queryable, { team }: TeamPrincipal): Promise<TeamView> =>
  viewTeam(
    await db
      .selectFrom('teams')
      .select(['id', 'name', 'personal'])
      .where('id', '=', team.id)
      .executeTakeFirstOrThrow(),
  );

/** Creates a team, which the account owns. Throws `quota_exceeded`. */
export async function createTeam(tx: Tx, { accountId }: AccountPrincipal, name: string): Promise<TeamView> {
  await assertMayOwn(tx, accountId);
  const id = await insertTeam(tx, { name: name.trim(), ownerId: accountId });
  await recordTeam(tx, id, teamEvents.created, { name: name.trim() });
  return viewTeam({ id, name: name.trim(), personal: false });
}

/** Renames the team. */
export async function renameTeam(tx: Tx, principal: TeamPrincipal, name: string): Promise<TeamView> {
  const { id, personal, name: before } = (await lockTeamFor(tx, principal, 'team:write')).team;
  await tx.updateTable('teams').set({ name: name.trim() }).where('id', '=', id).execute();
  if (before !== name.trim()) await recordTeam(tx, id, teamEvents.renamed, { name: name.trim(), before });
  return viewTeam({ id, name: name.trim(), personal });
}

/**
 * Deletes the team. Throws `invalid_state` while it has anything, and for a personal one; `validation_failed` where `name`
 * is not its name, which shows that the right team is meant; `proof_required`.
 */
export async function deleteTeam(tx: Tx, principal: TeamPrincipal, name: string): Promise<void> {
  assertRecentProof(principal);
  const { team } = await lockTeamFor(tx, principal, 'team:delete');
  const { id } = team;
  if (name !== team.name) throw invalid({ name: [`The name of the team is "${team.name}".`] });
  if (team.personal) throw invalidState('Your personal team stays as long as your account.', 'personal');
  const held = await tx
    .selectFrom('team_usage')
    .select(['kind', 'used'])
    .where('team_id', '=', id)
    .where('used', '>', 0)
    .orderBy('kind')
    .execute();
  if (held.length > 0) {
    const what = held.map(({ kind, used }) => `${used} ${kind.replaceAll('_', ' ')}`).join(', ');
    throw invalidState(`The team still has: ${what}. Delete these first.`, 'in_use');
  }
  await tx.updateTable('teams').set({ deleted_at: sql<Date>`now()` }).where('id', '=', id).execute();
  await tx.deleteFrom('team_invitations').where('team_id', '=', id).execute();
  await tx.deleteFrom('team_members').where('team_id', '=', id).execute();
  await revokeTokensOfTeam(tx, id);
}
