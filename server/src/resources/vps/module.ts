import { instanceSearch } from '../../instances/search.ts';
import type { ResourceModule } from '../../module.ts';
import { vpsEvents } from './events.ts';
import { vpsKind } from './kind.ts';
import { vpsRoutes } from './routes.ts';
import { VpsService } from './service.ts';
import { vpsWorkflows } from './workflow.ts';

export const vpsModule: ResourceModule = {
  name: 'vps',
  tags: [{ name: 'VPS', description: 'Virtual servers.' }],
  scopes: ['vps'],
  quotas: { vps: { limit: 10, label: 'VPS' } },
  audit: () => ({ vpsInstance: { type: 'vps', tables: ['instances', 'vps'], id: 'uuid' } }),
  events: vpsEvents,
  kinds: [vpsKind],
  search: [instanceSearch('vps', vpsKind.noun)],
  create: (context) => ({
    routes: (api) => vpsRoutes(api, new VpsService(context), context),
    operations: { vps: vpsWorkflows(context) },
  }),
};
