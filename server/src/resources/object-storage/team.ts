import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Queryable } from '../../db/database.ts';
import type { ObjectStore, StoreTeam } from '../../object-store/contract.ts';

/** Quota kind of buckets, and how many a team has by default. */
export const BUCKET_QUOTA = 'bucket';
export const MAX_BUCKETS = 25;

const GB = 1024 ** 3;

/** GB that a team may store in its buckets, by the highest tier of its owners; `object_storage_gb` of `teams.quotas` overrides it. */
const TIER_GB = { free: 10, starter: 100, pro: 1000, enterprise: 10_000 } as const;

/** Longest name of a bucket in S3. */
const MAX_NAME = 63;

const prefixOf = (teamId: number): string => `t${teamId}-`;

/** What S3 calls a bucket of the team. A name that is too long with the team’s prefix is cut, and told apart by a hash. */
export function s3NameOf(teamId: number, name: string): string {
  const whole = prefixOf(teamId) + name;
  if (whole.length <= MAX_NAME) return whole;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${whole.slice(0, MAX_NAME - hash.length - 1).replace(/[.-]+$/, '')}-${hash}`;
}

/** The team as the object store is to have it, with its present limits. */
export async function storeTeamOf(db: Queryable, teamId: number): Promise<StoreTeam> {
  const result = await sql<{ tier: keyof typeof TIER_GB; buckets: number; gb: number | null }>`
    select coalesce((select u.tier from team_members m join users u on u.id = m.user_id
        where m.team_id = t.id and m.role = 'owner'
        order by array_position(${Object.keys(TIER_GB)}::text[], u.tier) desc limit 1), 'free') as tier,
      coalesce((t.quotas ->> ${BUCKET_QUOTA})::integer, ${MAX_BUCKETS}::integer) as buckets,
      (t.quotas ->> 'object_storage_gb')::double precision as gb
    from teams t where t.id = ${teamId}`.execute(db);
  const { tier, buckets, gb } = result.rows[0]!;
  const maxBytes = Math.round((gb ?? TIER_GB[tier]) * GB);
  return { teamId, bucketPrefix: prefixOf(teamId), maxBuckets: buckets, maxBytes };
}

/** Ensures the team’s account in the store; a step of workflows. */
export async function ensureStoreTeam(db: Queryable, objects: ObjectStore, teamId: number): Promise<void> {
  await objects.ensureTeam(await storeTeamOf(db, teamId));
}
