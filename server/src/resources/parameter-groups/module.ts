import type { ModuleContext, ResourceModule } from '../../module.ts';
import { parameterGroupEvents } from './events.ts';
import type { GroupFollowers } from './followers.ts';
import { parameterGroupRoutes } from './routes.ts';
import { ParameterGroupService } from './service.ts';
import { ensureSystemGroups } from './store.ts';

/** `createFollowers` returns the access to instances that use groups. */
export const parameterGroupsModule = (
  createFollowers: (context: ModuleContext) => GroupFollowers,
): ResourceModule => ({
  name: 'parameter-groups',
  tags: [
    {
      name: 'Parameter groups',
      description: 'Named sets of engine parameters, for any number of databases or caches.',
    },
  ],
  audit: () => ({ parameterGroup: { type: 'parameter-group', tables: ['parameter_groups'], id: 'number' } }),
  events: parameterGroupEvents,
  subjects: { 'parameter-group': 'database' },
  search: [
    {
      type: 'parameter-group',
      noun: 'parameter group',
      table: 'parameter_groups',
      id: { column: 'id', form: 'number' },
      name: 'name',
      status: null,
    },
  ],
  quotas: { parameter_group: { limit: 50, label: 'parameter group' } },
  create(context) {
    const followers = createFollowers(context);
    return {
      prepare: () => ensureSystemGroups(context.database),
      routes: (api) => parameterGroupRoutes(api, new ParameterGroupService({ ...context, followers })),
    };
  },
});
