import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { AppError } from '../../lib/errors.ts';

/** A limit on how many of something a team may have. */
export interface Quota {
  /** The default; `teams.quotas` can override it for a team. */
  limit: number;
  /** Used in sentences: `The team's LABEL quota`. */
  label: string;
}

const quotas = new Map<string, Quota>();

/** Registers quotas, by kind. */
export function registerQuotas(list: Readonly<Record<string, Quota>>): void {
  for (const [kind, quota] of Object.entries(list)) quotas.set(kind, quota);
}

/** All kinds that there is a quota for. */
export const quotaKinds = (): string[] => [...quotas.keys()].sort();

function quotaOf(kind: string): Quota {
  const quota = quotas.get(kind);
  if (!quota) throw new Error(`There is no quota for "${kind}".`);
  return quota;
}

/**
 * Adds `count` to the team's use of a kind. Concurrent transactions of one team wait for each other here, so the limit
 * is exact. Throws `quota_exceeded` naming quota, limit and use.
 */
export async function takeQuota(tx: Tx, teamId: number, kind: string, count = 1): Promise<void> {
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
  throw exceeded(`The team's ${quotaOf(kind).label} quota`, kind, quota, used);
}

/**
 * Checks a quota per resource, such as rules in a firewall. Throws `quota_exceeded` where the holder already has as
 * many as allowed. `holder` is the word for it, for example "server"; `used` must be counted under a lock on its row.
 */
export async function assertQuotaWithin(
  tx: Tx,
  teamId: number,
  kind: string,
  holder: string,
  used: number,
): Promise<void> {
  const result = await sql<{ quota: number }>`select ${limitOf(teamId, kind)} as quota`.execute(tx);
  const { quota } = result.rows[0]!;
  if (used >= quota) throw exceeded(`The ${quotaOf(kind).label} quota of this ${holder}`, kind, quota, used);
}

const limitOf = (teamId: number, kind: string) =>
  sql<number>`coalesce((select (quotas ->> ${kind}::text)::integer from teams where id = ${teamId}),
    ${quotaOf(kind).limit}::integer)`;

const exceeded = (what: string, kind: string, limit: number, used: number): AppError =>
  new AppError(
    'quota_exceeded',
    `${what} is reached: ${used} of ${limit} in use. ` +
      'Delete one that is no longer needed, or ask the operator for a higher quota.',
    { extra: { quota: kind, limit, used } },
  );

/** Reverts {@link takeQuota}, in the transaction that deletes the resource. */
export async function releaseQuota(tx: Tx, teamId: number, kind: string, count = 1): Promise<void> {
  await tx
    .updateTable('team_usage')
    .set((eb) => ({ used: sql<number>`greatest(${eb.ref('used')} - ${count}::integer, 0)` }))
    .where('team_id', '=', teamId)
    .where('kind', '=', kind)
    .execute();
}

/** The team's use of a kind. */
export async function countOf(db: Queryable, teamId: number, kind: string): Promise<number> {
  const row = await db
    .selectFrom('team_usage')
    .select('used')
    .where('team_id', '=', teamId)
    .where('kind', '=', kind)
    .executeTakeFirst();
  return row?.used ?? 0;
}
