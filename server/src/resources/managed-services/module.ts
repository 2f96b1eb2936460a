import type { ResourceModule } from '../../module.ts';
import { cacheWire } from '../caches/wire.ts';
import { databaseWire } from '../databases/wire.ts';
import { storageAutoscaler } from './autoscaler.ts';
import { cacheKind, databaseKind } from './instance-kinds.ts';
import { managedServiceRoutes } from './routes.ts';
import { createServiceActions } from './service.ts';
import { managedServiceWorkflows } from './workflow.ts';

export const managedServicesModule: ResourceModule = {
  name: 'managed-services',
  tags: [
    { name: 'Databases', description: 'Managed PostgreSQL, MySQL and MariaDB.' },
    { name: 'Caches', description: 'Managed Redis and Valkey.' },
  ],
  scopes: ['database', 'cache'],
  quotas: {
    database: { limit: 10, label: 'database' },
    cache: { limit: 10, label: 'cache' },
  },
  kinds: [databaseKind, cacheKind],
  create(context) {
    const workflows = managedServiceWorkflows(context);
    return {
      routes(api) {
        const databases = createServiceActions('database', context);
        const caches = createServiceActions('cache', context);
        managedServiceRoutes(api, { ...context, service: databases }, databaseWire);
        managedServiceRoutes(api, { ...context, service: caches }, cacheWire);
      },
      operations: { database: workflows, cache: workflows },
      reconcilers: [storageAutoscaler(context.database, context.plane, context.log)],
    };
  },
};
