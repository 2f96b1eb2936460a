import { type SqlBool, sql } from 'kysely';
import type { Api } from '../../http/api.ts';
import type { ResourceModule } from '../../module.ts';
import { createPassClock } from '../../reconcilers/reconcilers.ts';
import { BUCKET_QUOTA, MAX_BUCKETS } from '../object-storage/team.ts';
import { findBucketInconsistencies } from './consistency.ts';
import { bucketEvents } from './events.ts';
import { bucketCollectors } from './metrics/collector.ts';
import { bucketMetricRoutes } from './metrics/routes.ts';
import { BucketMetrics } from './metrics/service.ts';
import { bucketObjectRoutes } from './objects/routes.ts';
import { BucketObjects } from './objects/service.ts';
import { BUCKET_RECONCILER, bucketReconciler } from './reconciler.ts';
import { bucketRoutes } from './routes.ts';
import { BucketService } from './service.ts';
import { RESOURCE_TYPE } from './states.ts';
import { bucketWorkflows } from './workflow.ts';

/** The condition for buckets with a tag, however that is capitalised. */
const hasTag = (tag: string) =>
  sql<SqlBool>`exists (select from jsonb_each_text(tags) one (tag, value) where ${tag} in (lower(one.tag), lower(one.value)))`;

/** Columns that change without a request. */
const MEASURED = ['size_bytes', 'object_count', 'upload_count', 'upload_bytes', 'health_status'];

export const bucketsModule: ResourceModule = {
  name: 'buckets',
  tags: [{ name: 'Buckets', description: 'Object storage for S3 clients.' }],
  scopes: ['storage'],
  subjects: { [RESOURCE_TYPE]: 'storage' },
  quotas: { [BUCKET_QUOTA]: { limit: MAX_BUCKETS, label: 'bucket' } },
  audit: () => ({ bucket: { type: RESOURCE_TYPE, tables: ['buckets'], id: 'uuid', without: MEASURED } }),
  events: bucketEvents,
  search: [
    {
      type: RESOURCE_TYPE,
      noun: 'bucket',
      table: 'buckets',
      id: { column: 'id', form: 'uuid' },
      name: 'name',
      status: 'status',
      further: ({ text }) => [{ by: 'tag', condition: hasTag(text) }],
    },
  ],
  create(context) {
    const { database, plane, objects, secrets, log } = context;
    const clock = createPassClock(database, plane, BUCKET_RECONCILER);
    const buckets = new BucketService({ ...context, clock });
    const metrics = new BucketMetrics(buckets, context);
    const routes = (api: Api) => {
      bucketRoutes(api, buckets);
      bucketObjectRoutes(api, new BucketObjects(buckets, context));
      bucketMetricRoutes(api, metrics);
    };
    if (!objects) return { routes };
    return {
      routes,
      operations: { [RESOURCE_TYPE]: bucketWorkflows({ database, objects, secrets }) },
      reconcilers: [bucketReconciler(database, objects, log), ...bucketCollectors(database, objects)],
    };
  },
  inconsistencies: findBucketInconsistencies,
};
