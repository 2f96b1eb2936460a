import type { ResourceModule } from '../../module.ts';
import { placeEntries } from './chain.ts';
import { auditRoutes } from './routes.ts';

/** Seconds between two looks for entries that have no place in the chain yet. Readers place them at once. */
const PLACE_EVERY = 5;

export const auditModule: ResourceModule = {
  name: 'audit',
  tags: [{ name: 'Audit', description: 'Who changed what in the team.' }],
  scopes: [{ name: 'audit', actions: ['read'], roles: { read: 'admin' } }],
  create: ({ database, secrets }) => ({
    routes: (api) => auditRoutes(api, { database, secrets }),
    reconcilers: [
      { name: 'audit-chain', everySeconds: PLACE_EVERY, run: () => placeEntries(database, secrets) },
    ],
  }),
};
