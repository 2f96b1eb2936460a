import type { ResourceModule } from '../../module.ts';
import { healthRoutes } from './routes.ts';

export const healthModule: ResourceModule = {
  name: 'health',
  tags: [{ name: 'Health', description: 'Whether the install works.' }],
  create: (context) => ({ routes: (api) => healthRoutes(api, context) }),
};
