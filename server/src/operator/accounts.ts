import { sql } from 'kysely';
import type { Queryable, Tx } from '../db/database.ts';
import { type Listing, type ListWanted, readPage } from '../http/listing.ts';
import { pageOf } from '../http/pagination.ts';
import { parseNumberId } from '../http/schema.ts';
import {
  assertOtherOperator,
  disableAccount,
  enableAccount,
  teamsWithoutOwner,
} from '../identity/accounts/disabling.ts';
import { recordTeam, teamEvents } from '../identity/teams/events.ts';
import { quotaKinds } from '../identity/teams/quotas.ts';
import { invalid, notFound } from '../lib/errors.ts';
import type { ACCOUNT_STATUSES, UpdateAccount } from './schema.ts';
import { hasPart } from './search.ts';

const ACCOUNTS: Listing = {
  id: { column: 'id', form: 'number' },
  created: { value: sql.ref('id'), form: 'number' },
  name: 'email',
};
const TEAMS: Listing = { ...ACCOUNTS, name: 'name' };

/** What operators look for: a part of a name, besides what lists are narrowed by. */
export type Looking = ListWanted & { q?: string };

type AccountStatus = (typeof ACCOUNT_STATUSES)[number];

const accountStatus = sql<AccountStatus>`case when deleted_at is not null then 'deleted'
  when disabled_at is not null then 'disabled' when email_verified_at is null then 'unconfirmed' else 'active' end`;

const accounts = (db: Queryable) =>
  db
    .selectFrom('users')
    .select(['id', 'email', 'name', 'operator', 'tier', 'rate_limits', 'team_limit', 'created_at'])
    .select([
      accountStatus.as('status'),
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

/** A page of the install's accounts. `q`: those whose address or name has this text anywhere. */
export async function listAccounts(db: Queryable, { q, status, ...query }: Looking) {
  const wanted = accounts(db)
    .$if(q !== undefined, (all) => all.where(hasPart([sql.ref('email_key'), sql`lower(name)`], q!)))
    .$if(status !== undefined, (all) => all.where(accountStatus, '=', status as AccountStatus));
  const page = await readPage(wanted, ACCOUNTS, query);
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

/**
 * Disables an account, and says which teams have no owner then who could act. Throws `not_found`, and `invalid_state` for the
 * only operator that can sign in.
 */
export async function disable(tx: Tx, id: number | null) {
  const account = await getAccount(tx, id);
  await assertOtherOperator(tx, account.id);
  await disableAccount(tx, account.id);
  const left = await teamsWithoutOwner(tx, account.id);
  const named = left
    .slice(0, MAX_NAMED)
    .map((team) => `"${team.name.slice(0, 60)}" (${team.id})`)
    .join(', ');
  const more = left.length > MAX_NAMED ? ` and ${left.length - MAX_NAMED} more` : '';
  const warnings =
    left.length === 0
      ? []
      : [`No owner of these teams can sign in now, and what they have goes on: ${named}${more}.`];
  return { account: await getAccount(tx, account.id), warnings };
}

/** Most teams that are named in a warning. */
const MAX_NAMED = 5;

/** Lets an account sign in again. Throws `not_found`. */
export async function enable(tx: Tx, id: number | null) {
  const account = await getAccount(tx, id);
  await enableAccount(tx, account.id);
  return { account: await getAccount(tx, account.id), warnings: [] };
}

const teams = (db: Queryable) =>
  db
    .selectFrom('teams')
    .select(['id', 'name', 'personal', 'quotas', 'deleted_at', 'created_at'])
    .select([
      sql<number>`(select count(*) from team_members m where m.team_id = teams.id)`.as('members'),
      sql<boolean>`exists (select from team_members m join users u on u.id = m.user_id
        where m.team_id = teams.id and m.role = 'owner' and u.disabled_at is null)`.as('has_owner'),
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

/** A page of the install's teams, with those that were deleted. `q`: those whose name has this text anywhere, or whose id it is. */
export async function listAllTeams(db: Queryable, { q, ...query }: Looking) {
  const id = q === undefined ? null : parseNumberId(q);
  const wanted = teams(db).$if(q !== undefined, (all) =>
    all.where(({ or, eb }) =>
      or([hasPart([sql`lower(name)`], q!), ...(id === null ? [] : [eb('id', '=', id)])]),
    ),
  );
  const page = await readPage(wanted, TEAMS, query);
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
