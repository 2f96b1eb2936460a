import type { ModuleContext } from '../../module.ts';
import type { Follower, GroupFollowers } from '../parameter-groups/followers.ts';
import { parameterTarget } from '../parameter-groups/resolution.ts';
import type { Kind } from './kinds.ts';
import { ServiceActions } from './service.ts';
import { getService, lockServicesOfGroup, type ManagedService, updateService } from './store.ts';

/** How databases and caches follow changes of their parameter groups. */
export function createGroupFollowers(context: ModuleContext): GroupFollowers {
  const actions = {
    database: new ServiceActions('database', context),
    cache: new ServiceActions('cache', context),
  };
  return {
    lock: async (tx, groupId) => (await lockServicesOfGroup(tx, groupId)).map(toFollower),
    async release(tx, ids) {
      for (const id of ids) await updateService(tx, id, { parameter_group_id: null });
    },
    async set(tx, principal, id, effective) {
      const service = await getService(tx, id);
      const columns = { effective_parameters: JSON.stringify(effective) };
      if (service.status === 'error') await updateService(tx, id, columns);
      else await actions[service.kind as Kind].updateEngine(tx, principal, service, columns);
    },
  };
}

const toFollower = (row: ManagedService): Follower => ({
  ...parameterTarget(row.kind, row),
  id: row.id,
  name: row.name,
  parameters: row.parameters as Record<string, string>,
  isBeingDeleted: row.desired === 'deleted',
});
