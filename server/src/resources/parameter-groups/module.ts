import type { ResourceModule } from '../../module.ts';
import { createServiceActions } from '../managed-services/service.ts';
import { parameterGroupRoutes } from './routes.ts';
import { createParameterGroupService } from './service.ts';
import { ensureSystemGroups } from './store.ts';

export const parameterGroupsModule: ResourceModule = {
  name: 'parameter-groups',
  tags: [{ name: 'Parameter groups', description: 'Engine parameters that databases or caches share.' }],
  quotas: { parameter_group: { limit: 50, label: 'parameter group' } },
  create: (context) => ({
    prepare: () => ensureSystemGroups(context.database),
    routes(api) {
      const services = {
        database: createServiceActions('database', context),
        cache: createServiceActions('cache', context),
      };
      parameterGroupRoutes(api, createParameterGroupService({ ...context, services }));
    },
  }),
};
