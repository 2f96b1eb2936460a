import type { ResourceModule } from '../../module.ts';
import { healthRoutes } from './routes.ts';

export const healthModule: ResourceModule = {
  name: 'health',
  tags: [{ name: 'Health', description: 'The state of this install.' }],
  create: (context) => ({ routes: (api) => healthRoutes(api, context) }),
};
