import { DataPlaneError } from '../contract/errors.ts';
import type { Networks } from '../contract/networks.ts';
import { KeyedMutex } from './limiter.ts';
import { listInstances } from './lookup.ts';
import { isSnapshot, teamOf } from './names.ts';
import type { Parts } from './parts.ts';

/** Implements `Networks`. */
export function networkVerbs({ context, tenants, firewalls, volumes, snapshots, locks }: Parts): Networks {
  const perTeam = new KeyedMutex();
  return {
    ensureTenant: (tenant) => perTeam.run(String(tenant.teamId), () => tenants.ensure(tenant)),
    ensureFirewalls: (teamId, wanted) => perTeam.run(String(teamId), () => firewalls.ensure(teamId, wanted)),
    ensureHostPorts: async (ports) => context.host?.openHostPorts(context.installId, ports),
    removeTenant: (teamId) =>
      perTeam.run(String(teamId), async () => {
        const isLeft = ({ name, project }: { name: string; project: string }): boolean =>
          !isSnapshot(name) && teamOf(context.installId, project) === teamId;
        if ((await listInstances(context)).some(isLeft)) {
          throw new DataPlaneError('invalid', `Team ${teamId} still has instances.`);
        }
        for (const snapshot of await snapshots.list()) {
          if (snapshot.teamId === teamId) await locks.run(snapshot.name, () => snapshots.remove(snapshot));
        }
        for (const volume of await volumes.listRefs()) {
          if (volume.teamId === teamId) await locks.run(volume.name, () => volumes.remove(volume));
        }
        await tenants.remove(teamId);
      }),
  };
}
