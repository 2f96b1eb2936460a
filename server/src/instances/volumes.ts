import type { Compute, InstanceSpec, Usage, VolumeMount } from '../dataplane/contract/compute.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { InstanceRef, SnapshotRef, VolumeRef } from '../dataplane/contract/refs.ts';
import type { Snapshots } from '../dataplane/contract/snapshots.ts';
import type { Volumes } from '../dataplane/contract/volumes.ts';
import type { Instance } from './store.ts';

/** Mount point of the volume in an instance of a managed service, see `services/appliance/README.md`. */
const DATA_PATH = '/data';

/** The data plane's name of a volume, made from its id. */
export const volumeRef = (teamId: number, id: string): VolumeRef => ({ teamId, name: `volume-${id}` });

/** The id in a name that `volumeRef` made; null for any other name. */
export const parseVolumeName = (name: string): string | null => NAME.exec(name)?.[1] ?? null;

const NAME = /^volume-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The volume of an instance; throws where it has none. */
export function volumeOf({
  id,
  team_id,
  volume_id,
}: Pick<Instance, 'id' | 'team_id' | 'volume_id'>): VolumeRef {
  if (volume_id === null) throw new Error(`The instance ${id} has no volume.`);
  return volumeRef(team_id, volume_id);
}

/** The volume's mount, for the spec of an instance. */
export const dataMount = (ref: VolumeRef): VolumeMount => ({ ref, path: DATA_PATH });

/** Bytes that an instance's volume holds; null where unknown. */
export const volumeBytes = (usage: Usage | null): number | null => usage?.volumes[0]?.usedBytes ?? null;

/**
 * Creates an instance as `ensureInstance` does and, with `volumeGb`, its volume of that many GiB before it. From a
 * snapshot, an older instance is removed before its volume is replaced. Throws `not_found`, and changes nothing, where
 * the snapshot does not exist.
 */
export async function ensureWithVolume(
  plane: Compute & Snapshots & Volumes,
  spec: InstanceSpec,
  volumeGb: number,
  from?: SnapshotRef,
): Promise<void> {
  const [mount] = spec.volumes;
  if (!mount) return plane.ensureInstance(spec, from);
  if (from) await makeWay(plane, spec, mount.ref, from);
  const origin = from && { snapshot: from, generation: spec.generation };
  await plane.ensureVolume({ ref: mount.ref, sizeGb: volumeGb }, origin);
  await plane.ensureInstance(spec);
}

/** Removes an instance that uses the volume of an older generation. */
async function makeWay(
  plane: Compute & Snapshots & Volumes,
  { ref, generation }: InstanceSpec,
  volumeRef: VolumeRef,
  from: SnapshotRef,
): Promise<void> {
  const volume = await plane.describeVolume(volumeRef);
  if (!volume || volume.generation >= generation) return;
  const instance = await plane.describeInstance(ref);
  if (!instance || instance.generation >= generation) return;
  if (!(await plane.describeSnapshot(from))) {
    throw new DataPlaneError('not_found', 'The snapshot does not exist.', { detail: from.name });
  }
  await plane.removeInstance(ref);
}

/** Removes an instance and its volume. */
export async function removeWithVolume(
  plane: Compute & Volumes,
  ref: InstanceRef,
  volume: VolumeRef,
): Promise<void> {
  await plane.removeInstance(ref);
  // Also where the instance is already gone: an earlier run may have been killed before it removed the volume.
  await plane.removeVolume(volume);
}
