import { installBillingRoutes } from '../billing/routes.ts';
import { installAuditRoutes } from '../identity/audit/routes.ts';
import type { ResourceModule } from '../module.ts';
import { capacityHistory } from './capacity.ts';
import { announcementRoutes, installRoutes } from './install-routes.ts';
import { troubleRoutes } from './operation-routes.ts';
import { operatorRoutes } from './routes.ts';
import { operatorTeamRoutes } from './team-routes.ts';

export const operatorModule: ResourceModule = {
  name: 'operator',
  tags: [
    { name: 'Operator', description: 'For whoever runs the install. Accounts have the right from its host.' },
  ],
  // For accounts that are operators, whatever their role in a team.
  scopes: [{ name: 'operator', actions: ['read', 'write'], roles: null }],
  audit: () => ({
    account: { type: 'account', tables: ['users'], id: 'number' },
    announcement: { type: 'announcement', tables: ['announcements'], id: 'number' },
    operatorOperation: { type: 'operation', tables: ['operations'], id: 'uuid', without: ['args'] },
    operatorTeam: { type: 'team', tables: ['teams'], id: 'number' },
  }),
  create: ({ database, mail, plane, secrets }) => ({
    reconcilers: [capacityHistory(database)],
    routes(api) {
      operatorRoutes(api, database);
      operatorTeamRoutes(api, database, mail);
      troubleRoutes(api, database);
      installRoutes(api, database, plane);
      announcementRoutes(api, database);
      installBillingRoutes(api, database);
      installAuditRoutes(api, { database, secrets });
    },
  }),
};
