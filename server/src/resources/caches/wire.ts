import { commonNew, commonSummary, commonUpdate, type Wire } from '../managed-services/wire.ts';
import { Cache, CacheCredentials, CacheMetrics, CreateCache, UpdateCache } from './schema.ts';

/** Maps between the API's members of caches and Danube's own names. */
export const cacheWire: Wire = {
  schemas: {
    instance: Cache,
    create: CreateCache,
    update: UpdateCache,
    credentials: CacheCredentials,
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
    const reads = hits === null || misses === null ? 0 : hits + misses;
    const up = healthy ? 'up' : 'down';
    return {
      summary: {
        ...commonSummary(found),
        total_commands_processed: metrics?.total_queries ?? null,
        keyspace_hits: hits,
        keyspace_misses: misses,
        hit_ratio_percentage: reads === 0 ? null : Math.round((1000 * hits!) / reads) / 10,
      },
      health: { is_healthy: healthy, up_status: up, redis_up: up, checked_at: at },
    };
  },
};
