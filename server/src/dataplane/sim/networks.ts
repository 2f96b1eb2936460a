import { DataPlaneError } from '../contract/errors.ts';
import type { Networks } from '../contract/networks.ts';
import type { SimCore } from './core.ts';
import { difference } from './world.ts';

export const simNetworks = (core: SimCore): Networks => ({
  // No host is simulated.
  ensureHostPorts: async () => undefined,
  ensureTenant: (tenant) =>
    core.verb('ensureTenant', tenant, () => {
      const present = core.world.tenants.get(tenant.teamId);
      if (present && JSON.stringify(present.spec) === JSON.stringify(tenant)) return;
      core.change({ op: 'tenant', tenant });
    }),
  removeTenant: (teamId) =>
    core.verb('removeTenant', teamId, () => {
      const tenant = core.world.tenants.get(teamId);
      if (!tenant) return;
      if (tenant.instances > 0) throw new DataPlaneError('invalid', `Team ${teamId} still has instances.`);
      core.change({ op: 'untenant', teamId });
    }),
  ensureFirewalls: (teamId, firewalls) =>
    core.verb('ensureFirewalls', teamId, () => {
      if (!core.world.tenants.has(teamId)) {
        throw new DataPlaneError('not_found', `Team ${teamId} has no network.`);
      }
      const change = difference(core.world.firewalls.get(teamId), firewalls);
      if (change.put.length + change.gone.length > 0) core.change({ op: 'firewalls', teamId, ...change });
    }),
});
