import type { ResourceModule } from '../../module.ts';
import { tokenEvents } from './events.ts';
import { tokenRoutes } from './routes.ts';

export const tokensModule: ResourceModule = {
  name: 'tokens',
  tags: [{ name: 'API tokens', description: 'Credentials of the account for programs.' }],
  // Of the account, and not of a team: no role bounds them.
  scopes: [{ name: 'token', roles: null }],
  events: tokenEvents,
  // Who may read the team may know which tokens act on it.
  subjects: { token: 'team' },
  audit: () => ({
    credential: { type: 'token', tables: ['tokens'], id: 'number', without: ['last_used_ip', 'used_scopes'] },
  }),
  create: ({ config, database }) => ({ routes: (api) => tokenRoutes(api, config, database) }),
};
