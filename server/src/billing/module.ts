import { sql } from 'kysely';
import type { ResourceModule } from '../module.ts';
import { findBillingInconsistencies } from './consistency.ts';
import { billingRoutes } from './routes.ts';
import { purgeUsage } from './service.ts';

export const billingModule: ResourceModule = {
  name: 'billing',
  tags: [{ name: 'Billing', description: 'What the team’s resources cost.' }],
  scopes: [{ name: 'billing', actions: ['read'], roles: { read: 'owner' } }],
  inconsistencies: findBillingInconsistencies,
  create: ({ config, database }) => ({
    async prepare() {
      await database.transaction((tx) =>
        sql`select set_object_price(${config.objectPriceCents})`.execute(tx),
      );
    },
    routes: (api) => billingRoutes(api, database),
    reconcilers: [{ name: 'usage-retention', everySeconds: 86_400, run: () => purgeUsage(database.db) }],
  }),
};
