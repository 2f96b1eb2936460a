import { sql } from 'kysely';
import type { Queryable, Tx } from '../db/database.ts';
import { type Listing, type ListWanted, readPage } from '../http/listing.ts';
import { pageOf } from '../http/pagination.ts';
import { recordTeam, teamEvents } from '../identity/teams/events.ts';
import { quotaKinds } from '../identity/teams/quotas.ts';
import { invalid, notFound } from '../lib/errors.ts';
import type { UpdateAccount } from './schema.ts';

const ACCOUNTS: Listing = {
  id: { column: 'id', form: 'number' },
  created: { value: sql.ref('id'), form: 'number' },
  name: 'email',
};
const TEAMS: Listing = { ...ACCOUNTS, name: 'name' };

const accounts = (db: Queryable) =>
  db
    .selectFrom('users')
    .select(['id', 'email', 'name', 'operator', 'tier', 'rate_limits', 'team_limit', 'created_at'])
    .select([
      sql<number>`(select count(*) from team_members m where m.user_id = users.id)`.as('teams'),
      sql<number>`(select count(*) from tokens t where t.user_id = users.id and t.revoked_at is null)`.as(
        'tokens',
      ),
    ]);

type AccountRow = Awaited<ReturnType<ReturnType<typeof accounts>['executeTakeFirstOrThrow']>>;

const viewAccount = ({ created_at, tier, ...row }: AccountRow) => ({
  ...row,
  tier: tier as NonNullable<UpdateAccount['tier']>,
  created_at: created_at.toISOString(),
});

/** A page of the install's accounts. */
export async function listAccounts(db: Queryable, query: ListWanted) {
  const page = await readPage(accounts(db), ACCOUNTS, query);
  return pageOf(page.rows.map(viewAccount), page, query);
}

/** One account; throws `not_found`. */
export async function getAccount(db: Queryable, id: number | null) {
  const row = id === null ? undefined : await accounts(db).where('id', '=', id).executeTakeFirst();
  if (!row) throw notFound('Account');
  return viewAccount(row);
}

/** Changes what an account may use. Throws `not_found`. */
export async function updateAccount(tx: Tx, id: number | null, changes: UpdateAccount) {
  const account = await getAccount(tx, id);
  await tx.updateTable('users').set(changes).where('id', '=', account.id).execute();
  return getAccount(tx, account.id);
}

const teams = (db: Queryable) =>
  db
    .selectFrom('teams')
    .select(['id', 'name', 'personal', 'quotas', 'deleted_at', 'created_at'])
    .select([
      sql<number>`(select count(*) from team_members m where m.team_id = teams.id)`.as('members'),
      sql<Record<string, number>>`(select coalesce(jsonb_object_agg(kind, used), '{}') from team_usage u
        where u.team_id = teams.id and used > 0)`.as('used'),
    ]);

type TeamRow = Awaited<ReturnType<ReturnType<typeof teams>['executeTakeFirstOrThrow']>>;

const viewTeam = ({ personal, quotas, deleted_at, created_at, ...row }: TeamRow) => ({
  ...row,
  personal_team: personal,
  quotas: quotas as Record<string, number>,
  deleted_at: deleted_at?.toISOString() ?? null,
  created_at: created_at.toISOString(),
});

/** A page of the install's teams, with those that were deleted. */
export async function listAllTeams(db: Queryable, query: ListWanted) {
  const page = await readPage(teams(db), TEAMS, query);
  return pageOf(page.rows.map(viewTeam), page, query);
}

/** One team; throws `not_found`. */
export async function getAnyTeam(db: Queryable, id: number | null) {
  const row = id === null ? undefined : await teams(db).where('id', '=', id).executeTakeFirst();
  if (!row) throw notFound('Team');
  return viewTeam(row);
}

/** Replaces the quotas of a team that differ from the default. Throws `not_found`, and `validation_failed` for unknown kinds. */
export async function setQuotas(tx: Tx, id: number | null, quotas: Record<string, number>) {
  const team = await getAnyTeam(tx, id);
  const kinds = quotaKinds();
  const unknown = Object.keys(quotas).filter((kind) => !kinds.includes(kind));
  if (unknown.length > 0) {
    const names = unknown.map((name) => name.slice(0, 50)).join(', ');
    throw invalid({ quotas: [`There is no quota ${names}. There are: ${kinds.join(', ')}.`] });
  }
  await tx
    .updateTable('teams')
    .set({ quotas: JSON.stringify(quotas) })
    .where('id', '=', team.id)
    .execute();
  await recordTeam(tx, team.id, teamEvents.quotasChanged, { quotas });
  return getAnyTeam(tx, team.id);
}
