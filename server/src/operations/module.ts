import type { ResourceModule } from '../module.ts';
import { operationRoutes } from './routes.ts';
import { OperationWaits } from './waiting.ts';

export const operationsModule: ResourceModule = {
  name: 'operations',
  tags: [{ name: 'Operations', description: 'Progress of asynchronous work.' }],
  create: ({ database, log }) => ({
    routes: (api) => operationRoutes(api, database, new OperationWaits(database, log)),
  }),
};
