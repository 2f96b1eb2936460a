import type { Compute, InstanceSpec, Usage, VolumeMount } from '../dataplane/contract/compute.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { InstanceRef, SnapshotRef, VolumeRef } from '../dataplane/contract/refs.ts';
import type { Snapshots } from '../dataplane/contract/snapshots.ts';
import type { Volumes } from '../dataplane/contract/volumes.ts';

/** Where an instance of a managed service has its data, see `services/appliance/README.md`. */
const DATA_PATH = '/data';

/**
 * The volume of a machine: `volume-UUID`, with the id of the member that the machine is. Nothing else makes such names.
 */
export const volumeOf = ({ teamId, name }: InstanceRef): VolumeRef => ({
  teamId,
  name: `volume-${name.slice(name.indexOf('-') + 1)}`,
});

/** The mount of that volume, for the instance's spec. */
export const dataMount = (ref: InstanceRef): VolumeMount => ({ ref: volumeOf(ref), path: DATA_PATH });

/** Bytes that the volume of an instance holds; null where that is not known. */
export const volumeBytes = (usage: Usage | null): number | null => usage?.volumes[0]?.usedBytes ?? null;

/**
 * Makes an instance as `ensureInstance` does, and before it the volume of `volumeGb` GiB where it is to have one. From
 * a snapshot, an older instance goes before its volume is replaced; throws `not_found`, and changes nothing, where
 * there is no such snapshot.
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

/** Removes an instance that has the volume as it was before this generation. */
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

/** Removes an instance and its volume, if it has one. */
export async function removeWithVolume(plane: Compute & Volumes, ref: InstanceRef): Promise<void> {
  await plane.removeInstance(ref);
  // Also where the instance was gone already: a run that was killed between the two leaves the volume to the next.
  await plane.removeVolume(volumeOf(ref));
}
