import { DataPlaneError } from '../contract/errors.ts';
import type { VolumeOrigin, VolumeSpec, Volumes } from '../contract/volumes.ts';
import type { Parts } from './parts.ts';

/** Implements `Volumes`. */
export function volumeVerbs(parts: Parts): Volumes {
  const { volumes, locks } = parts;
  return {
    ensureVolume(volume, origin) {
      const { name } = volume.ref;
      if (!origin) return locks.run(name, () => volumes.ensure(volume));
      return locks.run(origin.snapshot.name, () => locks.run(name, () => restore(parts, volume, origin)));
    },
    describeVolume: (ref) => volumes.describe(ref),
    removeVolume: (ref) => locks.run(ref.name, () => volumes.remove(ref)),
    listVolumes: () => volumes.listRefs(),
  };
}

async function restore(
  { volumes, snapshots }: Parts,
  volume: VolumeSpec,
  origin: VolumeOrigin,
): Promise<void> {
  const present = await volumes.describe(volume.ref);
  if (present && present.generation >= origin.generation) return volumes.ensure(volume);
  const kept = await snapshots.find(origin.snapshot);
  if (!kept || kept.instance) {
    throw new DataPlaneError('not_found', 'The snapshot does not exist.', { detail: origin.snapshot.name });
  }
  const sizeGb = Math.max(volume.sizeGb, await snapshots.heldGb(kept));
  await volumes.restore({ ...volume, sizeGb }, origin);
}
