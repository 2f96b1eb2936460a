import { commonNew, commonUpdate, type Wire } from '../managed-services/wire.ts';
import { CreateDatabase, Database, DatabaseCredentials, DatabaseMetrics, UpdateDatabase } from './schema.ts';

type Autoscale = Pick<
  CreateDatabase,
  'storage_autoscaling_enabled' | 'storage_autoscale_threshold_percent' | 'storage_autoscale_increment_gib'
>;

/** Null and missing values both leave a member unchanged. */
const autoscale = (body: Autoscale) => ({
  ...(body.storage_autoscaling_enabled == null ? {} : { enabled: body.storage_autoscaling_enabled }),
  ...(body.storage_autoscale_threshold_percent == null
    ? {}
    : { thresholdPercent: body.storage_autoscale_threshold_percent }),
  ...(body.storage_autoscale_increment_gib == null
    ? {}
    : { incrementGb: body.storage_autoscale_increment_gib }),
});

/** Maps between the API's members of databases and Danube's own names. */
export const databaseWire: Wire = {
  schemas: {
    instance: Database,
    create: CreateDatabase,
    update: UpdateDatabase,
    credentials: DatabaseCredentials,
    metrics: DatabaseMetrics,
  },
  toNew(input) {
    const body = input as CreateDatabase;
    return {
      ...commonNew(body),
      providerId: body.database_provider_id ?? null,
      databaseName: body.database_name ?? null,
      autoscale: autoscale(body),
    };
  },
  toUpdate(input) {
    const body = input as UpdateDatabase;
    return {
      ...commonUpdate(body),
      ...(body.storage_size_gb === undefined ? {} : { storageGb: body.storage_size_gb }),
      autoscale: autoscale(body),
    };
  },
  viewMetrics({ metrics, healthy, reason, at }) {
    const bytes = metrics?.memory_used_bytes ?? null;
    return {
      summary: {
        memory_used_bytes: bytes,
        memory_used_mb: bytes === null ? null : Math.round(bytes / 1024 / 1024),
        connected_clients: metrics?.connected_clients ?? null,
        max_clients: metrics?.max_clients ?? null,
        total_queries: metrics?.total_queries ?? null,
        slow_queries: metrics?.slow_queries ?? null,
        uptime_seconds: metrics?.uptime_seconds ?? null,
        retrieved_at: metrics === null ? null : at,
        reason,
      },
      health: { is_healthy: healthy, up_status: healthy ? 'up' : 'down', checked_at: at },
    };
  },
};
