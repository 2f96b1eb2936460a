import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { AppError } from '../../lib/errors.ts';

/** What a team may have at most, unless `teams.quotas` says otherwise for it. */
const DEFAULT_QUOTAS = {
  vps: 10,
  database: 10,
  cache: 10,
  firewall: 10,
  ssh_key: 25,
  parameter_group: 50,
  // Of each instance, and counted there.
  snapshot: 50,
} as const;

export type QuotaKind = keyof typeof DEFAULT_QUOTAS;

const LABELS: Record<QuotaKind, string> = {
  vps: 'VPS',
  database: 'database',
  cache: 'cache',
  firewall: 'firewall',
  ssh_key: 'SSH key',
  parameter_group: 'parameter group',
  snapshot: 'snapshot',
};

/**
 * Counts `count` more things of a kind for the team, in the caller's transaction; concurrent requests of one team
 * wait for each other here, so the limit is exact. Throws `quota_exceeded` naming quota, limit and use.
 */
export async function takeQuota(tx: Tx, teamId: number, kind: QuotaKind, count = 1): Promise<void> {
  const limit = limitOf(teamId, kind);
  const taken = await sql`
    insert into team_usage (team_id, kind, used)
    select ${teamId}::bigint, ${kind}::text, ${count}::integer where ${count}::integer <= ${limit}
    on conflict (team_id, kind) do update set used = team_usage.used + ${count}::integer
    where team_usage.used + ${count}::integer <= ${limit}
    returning used`.execute(tx);
  if (taken.rows.length > 0) return;
  const state = await sql<{ used: number; quota: number }>`
    select coalesce((select used from team_usage where team_id = ${teamId} and kind = ${kind}), 0) as used,
      ${limit} as quota`.execute(tx);
  const { used, quota } = state.rows[0]!;
  throw exceeded(`The team's ${LABELS[kind]} quota`, kind, quota, used);
}

/**
 * Throws `quota_exceeded` where an instance has as many snapshots as the team may have of each. `used` must have been
 * counted under a lock on the instance's row.
 */
export async function checkSnapshotQuota(tx: Tx, teamId: number, noun: string, used: number): Promise<void> {
  const result = await sql<{ quota: number }>`select ${limitOf(teamId, 'snapshot')} as quota`.execute(tx);
  const { quota } = result.rows[0]!;
  if (used >= quota) throw exceeded(`The snapshot quota of this ${noun}`, 'snapshot', quota, used);
}

const limitOf = (teamId: number, kind: QuotaKind) =>
  sql<number>`coalesce((select (quotas ->> ${kind}::text)::integer from teams where id = ${teamId}), ${DEFAULT_QUOTAS[kind]}::integer)`;

const exceeded = (what: string, kind: QuotaKind, limit: number, used: number): AppError =>
  new AppError(
    'quota_exceeded',
    `${what} is reached: ${used} of ${limit} in use. ` +
      'Delete one that is no longer needed, or ask the operator for a higher quota.',
    { extra: { quota: kind, limit, used } },
  );

/** Gives back what {@link takeQuota} took, in the transaction that deletes the thing. */
export async function releaseQuota(tx: Tx, teamId: number, kind: QuotaKind, count = 1): Promise<void> {
  await tx
    .updateTable('team_usage')
    .set((eb) => ({ used: sql<number>`greatest(${eb.ref('used')} - ${count}::integer, 0)` }))
    .where('team_id', '=', teamId)
    .where('kind', '=', kind)
    .execute();
}

/** How many things of a kind the team has. */
export async function countOf(db: Queryable, teamId: number, kind: QuotaKind): Promise<number> {
  const row = await db
    .selectFrom('team_usage')
    .select('used')
    .where('team_id', '=', teamId)
    .where('kind', '=', kind)
    .executeTakeFirst();
  return row?.used ?? 0;
}
