import type { ResourceModule } from '../../module.ts';
import { findFirewallInconsistencies } from './consistency.ts';
import { firewallEvents } from './events.ts';
import { firewallReconciler, firewallRollback } from './reconcilers.ts';
import { firewallRoutes } from './routes.ts';
import { FirewallService } from './service.ts';
import { firewallWorkflows } from './workflow.ts';

export const firewallsModule: ResourceModule = {
  name: 'firewalls',
  tags: [{ name: 'Firewalls', description: 'Rules for the traffic to and from instances.' }],
  scopes: ['firewall'],
  quotas: { firewall: { limit: 10, label: 'firewall' } },
  audit: () => ({
    firewall: {
      type: 'firewall',
      tables: ['firewalls'],
      id: 'uuid',
      without: ['effective_rules', 'applied_rules', 'applied_instances', 'rollback_rules'],
    },
  }),
  events: firewallEvents,
  search: [
    {
      type: 'firewall',
      noun: 'firewall',
      table: 'firewalls',
      id: { column: 'id', form: 'uuid' },
      name: 'name',
      status: 'status',
    },
  ],
  create(context) {
    const { database, plane, log } = context;
    return {
      routes: (api) => firewallRoutes(api, new FirewallService(database)),
      operations: { firewall: firewallWorkflows(context) },
      reconcilers: [firewallReconciler(database, plane), firewallRollback(database, log)],
    };
  },
  inconsistencies: findFirewallInconsistencies,
};
