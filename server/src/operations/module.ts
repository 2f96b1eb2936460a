import type { ResourceModule } from '../module.ts';
import { operationRoutes } from './routes.ts';

export const operationsModule: ResourceModule = {
  name: 'operations',
  tags: [{ name: 'Operations', description: 'Progress of asynchronous work.' }],
  create: ({ database }) => ({ routes: (api) => operationRoutes(api, database) }),
};
