import type { ResourceModule } from '../../module.ts';
import { teamEvents } from './events.ts';
import { invitationRoutes, memberRoutes } from './member-routes.ts';
import { teamRoutes } from './routes.ts';

export const teamsModule: ResourceModule = {
  name: 'teams',
  tags: [{ name: 'Teams', description: 'Teams own all resources, and have members with roles.' }],
  scopes: [{ name: 'team', roles: { write: 'admin', delete: 'owner' } }],
  quotas: { member: { limit: 10, label: 'member' } },
  events: teamEvents,
  audit: () => ({
    invitation: { type: 'team-invitation', tables: ['team_invitations'], id: 'number' },
  }),
  create: ({ config, database, mail }) => ({
    routes(api) {
      teamRoutes(api, database);
      memberRoutes(api, database);
      invitationRoutes(api, database, { mail, publicUrl: config.publicUrl });
    },
  }),
};
