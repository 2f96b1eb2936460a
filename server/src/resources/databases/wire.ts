import { commonNew, commonSummary, commonUpdate, type Wire } from '../managed-services/wire.ts';
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
    uri: 'postgresql://danube@10.64.0.10:5432/shop?sslmode=require',
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
  viewMetrics(found) {
    const { metrics, healthy, at } = found;
    return {
      summary: {
        ...commonSummary(found),
        total_queries: metrics?.total_queries ?? null,
        slow_queries: metrics?.slow_queries ?? null,
      },
      health: { is_healthy: healthy, up_status: healthy ? 'up' : 'down', checked_at: at },
    };
  },
};
