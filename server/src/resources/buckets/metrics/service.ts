import { sql } from 'kysely';
import { DataPlaneError } from '../../../dataplane/contract/errors.ts';
import type { Queryable } from '../../../db/database.ts';
import type { TeamPrincipal } from '../../../http/principal.ts';
import { verdictOf } from '../../../instances/diagnosis.ts';
import { eventsSection, viewEvents } from '../../../instances/event-list.ts';
import type { ModuleContext } from '../../../module.ts';
import type { ObjectStore } from '../../../object-store/contract.ts';
import { needStore } from '../../object-storage/need-store.ts';
import { storeTeamOf } from '../../object-storage/team.ts';
import type { BucketService } from '../service.ts';
import { type Bucket, bucketRef } from '../store.ts';
import { findingsOf } from './diagnosis.ts';
import { readCollection, readRecent } from './recent.ts';
import type { TopQuery, TrendQuery } from './schema.ts';
import { viewTrend } from './trend.ts';
import { NO_LOG, NOT_COUNTED, viewHealth, viewMetrics } from './view.ts';

/** Items of a list of objects. */
const TOP = 10;

/** What is known of the use of a bucket. Methods throw `not_found` for a bucket that is not the team’s. */
export class BucketMetrics {
  readonly #buckets: BucketService;
  readonly #context: Pick<ModuleContext, 'objects' | 'config'>;
  readonly #db: Queryable;

  constructor(buckets: BucketService, context: Pick<ModuleContext, 'database' | 'objects' | 'config'>) {
    this.#buckets = buckets;
    this.#context = context;
    this.#db = context.database.db;
  }

  async metrics(principal: TeamPrincipal, id: string) {
    const row = await this.#buckets.find(principal, id);
    const collection = await readCollection(this.#db);
    const recent = await readRecent(this.#db, [row.id], collection);
    return viewMetrics(row, recent.get(row.id) ?? null, collection, this.#context.config.objectPriceCents);
  }

  async trend(principal: TeamPrincipal, id: string, query: TrendQuery) {
    const row = await this.#buckets.find(principal, id);
    return viewTrend(this.#db, row, query, await readCollection(this.#db));
  }

  async topObjects(principal: TeamPrincipal, id: string, { dimension = 'size' }: TopQuery) {
    const row = await this.#buckets.find(principal, id);
    const found = dimension === 'size' ? await this.#largest(row) : await this.#mostUsed(row, dimension);
    return { bucket_id: row.id, dimension, ...found };
  }

  async #largest(row: Bucket) {
    if (row.status === 'creating')
      return { recorded_at: null, items: [], reason: 'The bucket is being created.' };
    const found = await needStore(this.#context.objects).listLargest(bucketRef(row), TOP);
    const reason = found ? null : 'The bucket has too many objects to compare them at every request.';
    const items = (found ?? []).map(({ objectKey, sizeBytes }, index) => item(index, objectKey, sizeBytes));
    return { recorded_at: found ? new Date().toISOString() : null, items, reason };
  }

  async #mostUsed(row: Bucket, dimension: 'egress' | 'requests') {
    const { hasLog, requestsAt } = await readCollection(this.#db);
    if (hasLog !== true)
      return { recorded_at: null, items: [], reason: hasLog === false ? NO_LOG : NOT_COUNTED };
    const value = sql.ref(dimension === 'egress' ? 'egress_bytes' : 'requests');
    const result = await sql<{ object_key: string; value: number }>`
      select object_key, sum(${value})::bigint as value from bucket_objects
      where bucket_id = ${row.id} and day >= (now() at time zone 'utc')::date - 1
      group by object_key having sum(${value}) > 0 order by value desc, object_key limit ${TOP}`.execute(
      this.#db,
    );
    const items = result.rows.map((one, index) => item(index, one.object_key, one.value));
    return { recorded_at: requestsAt?.toISOString() ?? null, items, reason: null };
  }

  async health(principal: TeamPrincipal, id: string) {
    return viewHealth(await this.#buckets.find(principal, id), await readCollection(this.#db));
  }

  async diagnose(principal: TeamPrincipal, id: string) {
    const db = this.#db;
    const row = await this.#buckets.find(principal, id);
    const collection = await readCollection(db);
    const [status, recent, team, keys, events, present] = await Promise.all([
      this.#buckets.status(row),
      readRecent(db, [row.id], collection),
      this.#team(row.team_id),
      countKeys(db, row),
      viewEvents(db, row.id, `bucket/${row.name}`),
      this.#isPresent(row, this.#context.objects),
    ]);
    const findings = findingsOf(row, { present, recent: recent.get(row.id) ?? null, collection, team, keys });
    return {
      verdict: verdictOf(row.status, findings) as 'healthy' | 'degraded' | 'unhealthy',
      status,
      findings,
      sections: {
        events: eventsSection(events),
        logs: { available: false, sampled_lines: 0 },
        size: {
          size_bytes: row.size_bytes,
          size_limit_bytes: row.size_limit_bytes,
          team_size_bytes: team.sizeBytes,
          team_limit_bytes: team.limitBytes,
        },
      },
    };
  }

  async #isPresent(row: Bucket, objects: ObjectStore | null): Promise<boolean | DataPlaneError> {
    // One that is being made need not be there yet.
    if (!objects || row.status !== 'active') return true;
    try {
      return (await objects.describeBucket(bucketRef(row))) !== null;
    } catch (error) {
      if (error instanceof DataPlaneError) return error;
      throw error;
    }
  }

  async #team(teamId: number): Promise<{ sizeBytes: number; limitBytes: number | null }> {
    const { maxBytes } = await storeTeamOf(this.#db, teamId);
    const { size } = await this.#db
      .selectFrom('buckets')
      .select(sql<number>`coalesce(sum(size_bytes), 0)::bigint`.as('size'))
      .where('team_id', '=', teamId)
      .executeTakeFirstOrThrow();
    return { sizeBytes: size, limitBytes: maxBytes };
  }
}

const item = (index: number, object_key: string, value: number) => ({ rank: index + 1, object_key, value });

/** How many keys reach the bucket: those of the team, and those with a permission in it. */
async function countKeys(db: Queryable, { id, team_id }: Bucket): Promise<number> {
  const { keys } = await db
    .selectFrom('access_keys as k')
    .select(sql<number>`count(*)`.as('keys'))
    .where('k.team_id', '=', team_id)
    .where('k.status', '=', 'active')
    .where(
      sql<boolean>`(k.scope = 'team' or exists (select from access_key_grants g
        where g.access_key_id = k.id and g.bucket_id = ${id}))`,
    )
    .executeTakeFirstOrThrow();
  return keys;
}
