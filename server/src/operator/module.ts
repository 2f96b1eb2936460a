import { installAuditRoutes } from '../identity/audit/routes.ts';
import type { ResourceModule } from '../module.ts';
import { operatorRoutes } from './routes.ts';

export const operatorModule: ResourceModule = {
  name: 'operator',
  tags: [
    { name: 'Operator', description: 'For whoever runs the install. Accounts have the right from its host.' },
  ],
  // For accounts that are operators, whatever their role in a team.
  scopes: [{ name: 'operator', actions: ['read', 'write'], roles: null }],
  audit: () => ({
    account: { type: 'account', tables: ['users'], id: 'number' },
    operatorTeam: { type: 'team', tables: ['teams'], id: 'number' },
  }),
  create: ({ database, secrets }) => ({
    routes(api) {
      operatorRoutes(api, database);
      installAuditRoutes(api, { database, secrets });
    },
  }),
};
