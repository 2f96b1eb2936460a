import type { ResourceModule } from '../../module.ts';
import { sessionRoutes } from './routes.ts';
import { purgeSessions } from './store.ts';

export const sessionsModule: ResourceModule = {
  name: 'sessions',
  tags: [
    { name: 'Sign-in', description: 'Sessions of people. Programs use API tokens, and need none of this.' },
  ],
  create: ({ config, database }) => ({
    routes: (api) => sessionRoutes(api, config, database),
    reconcilers: [{ name: 'ended-sessions', everySeconds: 3600, run: () => purgeSessions(database.db) }],
  }),
};
