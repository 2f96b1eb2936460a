import type { SnapshotRef, VolumeRef } from './refs.ts';

export interface VolumeSpec {
  ref: VolumeRef;
  /** In GiB. A volume that is larger stays as it is. */
  sizeGb: number;
}

/** A snapshot whose data a volume is to hold, and the generation of the instance that this is for. */
export interface VolumeOrigin {
  snapshot: SnapshotRef;
  generation: number;
}

export interface VolumeReport {
  ref: VolumeRef;
  sizeGb: number;
  /** Of the {@link VolumeOrigin} that it was made from; 0 for a volume that began empty. */
  generation: number;
}

/** Disks with a life of their own: `Compute.ensureInstance` gives them to instances, which come and go. */
export interface Volumes {
  /**
   * Creates the volume, empty, where it is missing; lets one that is there grow, also under an instance that runs.
   * Needs the tenant.
   *
   * With an `origin` it holds a copy of the snapshot in place of what it held before: once for each generation, so that
   * what was stored since then stays. It is never smaller than what it holds. Throws `not_found`, and changes nothing,
   * where there is no such snapshot, and `invalid` where an instance has the volume that is to be replaced.
   */
  ensureVolume(volume: VolumeSpec, origin?: VolumeOrigin): Promise<void>;
  /** Null where there is none, or only a part of one. */
  describeVolume(ref: VolumeRef): Promise<VolumeReport | null>;
  /** Throws `invalid` where an instance has it. Nothing to delete is success. */
  removeVolume(ref: VolumeRef): Promise<void>;
  /** Every volume that this install made, of all teams, completed or not. */
  listVolumes(): Promise<VolumeRef[]>;
}
