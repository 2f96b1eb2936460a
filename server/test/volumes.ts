import type { Compute, VolumeMount } from '../src/dataplane/contract/compute.ts';
import type { InstanceRef, VolumeRef } from '../src/dataplane/contract/refs.ts';
import type { Volumes } from '../src/dataplane/contract/volumes.ts';
import * as volumes from '../src/instances/volumes.ts';

/** The volume of an instance that a test creates without a row; it is named after the instance. */
export const volumeOf = ({ teamId, name }: InstanceRef): VolumeRef => ({
  teamId,
  name: `volume-${name.slice(name.indexOf('-') + 1)}`,
});

/** The mount of that volume, for the instance's spec. */
export const dataMount = (ref: InstanceRef): VolumeMount => volumes.dataMount(volumeOf(ref));

/** Removes such an instance with its volume. */
export const removeWithVolume = (plane: Compute & Volumes, ref: InstanceRef): Promise<void> =>
  volumes.removeWithVolume(plane, ref, volumeOf(ref));
