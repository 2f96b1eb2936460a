import { DataPlaneError } from '../contract/errors.ts';
import type { VolumeRef } from '../contract/refs.ts';
import type { VolumeOrigin, VolumeSpec, Volumes } from '../contract/volumes.ts';
import type { SimCore } from './core.ts';
import type { SimVolume } from './world.ts';

export const simVolumes = (core: SimCore): Volumes => ({
  ensureVolume: (volume, origin) =>
    core.verb('ensureVolume', volume, () => {
      const present = core.world.volumes.get(volume.ref.name);
      if (origin && (present?.generation ?? 0) < origin.generation) return restore(core, volume, origin);
      if (present && present.sizeGb >= volume.sizeGb) return;
      put(core, { ...(present ?? { content: '', generation: 0 }), ...volume });
    }),
  describeVolume: (ref) =>
    core.verb('describeVolume', ref, () => {
      const found = find(core, ref);
      return found ? { ref, sizeGb: found.sizeGb, generation: found.generation } : null;
    }),
  removeVolume: (ref) =>
    core.verb('removeVolume', ref, () => {
      if (!find(core, ref)) return;
      refuseInUse(core, ref);
      core.change({ op: 'unvolume', name: ref.name });
    }),
  listVolumes: () =>
    core.verb('listVolumes', null, () => Array.from(core.world.volumes.values(), ({ ref }) => ref)),
});

const find = (core: SimCore, ref: VolumeRef): SimVolume | undefined => {
  const volume = core.world.volumes.get(ref.name);
  return volume?.ref.teamId === ref.teamId ? volume : undefined;
};

function put(core: SimCore, volume: SimVolume): void {
  const { teamId } = volume.ref;
  if (!core.world.tenants.has(teamId)) {
    throw new DataPlaneError('not_found', `Team ${teamId} has no network.`);
  }
  core.change({ op: 'volume', volume });
}

function restore(core: SimCore, volume: VolumeSpec, { snapshot, generation }: VolumeOrigin): void {
  const kept = core.world.snapshots.get(snapshot.name);
  if (!kept?.ofVolume) {
    throw new DataPlaneError('not_found', 'The snapshot does not exist.', { detail: snapshot.name });
  }
  refuseInUse(core, volume.ref);
  put(core, { ...volume, content: kept.content, generation });
}

function refuseInUse(core: SimCore, ref: VolumeRef): void {
  if (!core.world.mounted.has(ref.name)) return;
  throw new DataPlaneError('invalid', 'The volume is in use.', { detail: ref.name });
}
