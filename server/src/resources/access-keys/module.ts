import type { Api } from '../../http/api.ts';
import type { ResourceModule } from '../../module.ts';
import { findKeyInconsistencies } from './consistency.ts';
import { accessKeyEvents } from './events.ts';
import { expiredKeys, keyReconciler } from './reconcilers.ts';
import { accessKeyRoutes } from './routes.ts';
import { AccessKeyService } from './service.ts';
import { RESOURCE_TYPE } from './states.ts';
import { KEY_QUOTA } from './store.ts';
import { accessKeyWorkflows } from './workflow.ts';

export const accessKeysModule: ResourceModule = {
  name: 'access-keys',
  tags: [{ name: 'Access keys', description: 'Keys that S3 clients use.' }],
  subjects: { [RESOURCE_TYPE]: 'storage' },
  quotas: { [KEY_QUOTA]: { limit: 100, label: 'access key' } },
  audit: () => ({ accessKey: { type: RESOURCE_TYPE, tables: ['access_keys'], id: 'uuid' } }),
  events: accessKeyEvents,
  search: [
    {
      type: RESOURCE_TYPE,
      noun: 'access key',
      table: 'access_keys',
      id: { column: 'id', form: 'uuid' },
      name: 'name',
      status: 'status',
    },
  ],
  create(context) {
    const { database, objects, secrets, log } = context;
    const routes = (api: Api) => accessKeyRoutes(api, new AccessKeyService(context));
    if (!objects) return { routes };
    const dependencies = { database, objects, secrets };
    return {
      routes,
      operations: { [RESOURCE_TYPE]: accessKeyWorkflows(dependencies) },
      reconcilers: [expiredKeys(database), keyReconciler(dependencies, log)],
    };
  },
  inconsistencies: findKeyInconsistencies,
};
