import { commonNew, commonSummary, commonUpdate, type Wire } from '../managed-services/wire.ts';
import { Cache, CacheCredentials, CacheMetrics, CreateCache, UpdateCache } from './schema.ts';

/** With one decimal; 0 where there is nothing yet. */
const percentage = (part: number, whole: number): number =>
  whole === 0 ? 0 : Math.round((1000 * part) / whole) / 10;

/** Maps between the API's members of caches and Danube's own names. */
export const cacheWire: Wire = {
  schemas: {
    instance: Cache,
    create: CreateCache,
    update: UpdateCache,
    credentials: CacheCredentials,
    uri: 'rediss://default@10.64.0.10:6380/',
    metrics: CacheMetrics,
  },
  toNew(input) {
    const body = input as CreateCache;
    return {
      ...commonNew(body),
      providerId: body.cache_provider_id ?? null,
    };
  },
  toUpdate: (input) => commonUpdate(input as UpdateCache),
  viewMetrics(found) {
    const { metrics, healthy, at } = found;
    const hits = metrics?.keyspace_hits ?? null;
    const misses = metrics?.keyspace_misses ?? null;
    const up = healthy ? 'up' : 'down';
    return {
      summary: {
        ...commonSummary(found),
        total_commands_processed: metrics?.total_queries ?? null,
        keyspace_hits: hits,
        keyspace_misses: misses,
        hit_ratio_percentage: hits === null || misses === null ? null : percentage(hits, hits + misses),
      },
      health: { is_healthy: healthy, up_status: up, redis_up: up, checked_at: at },
    };
  },
};
