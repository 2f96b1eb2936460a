import type { ResourceModule } from '../../module.ts';
import { teamRoutes } from './routes.ts';

export const teamsModule: ResourceModule = {
  name: 'teams',
  tags: [{ name: 'Teams', description: 'Teams own all resources.' }],
  create: ({ database }) => ({ routes: (api) => teamRoutes(api, database) }),
};
