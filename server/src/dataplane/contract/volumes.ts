import type { SnapshotRef, VolumeRef } from './refs.ts';

export interface VolumeSpec {
  ref: VolumeRef;
  /** In GiB. A volume that is already larger is not shrunk. */
  sizeGb: number;
}

/** The snapshot that a volume is to be made from, and the generation of the instance that this is done for. */
export interface VolumeOrigin {
  snapshot: SnapshotRef;
  generation: number;
}

export interface VolumeReport {
  ref: VolumeRef;
  sizeGb: number;
  /** The generation of its {@link VolumeOrigin}; 0 for a volume that was created empty. */
  generation: number;
}

/** Disks that exist independently of the instances they are attached to. */
export interface Volumes {
  /**
   * Creates an empty volume where it is missing, and grows an existing one, also while an instance uses it. The tenant
   * must exist.
   *
   * With `origin`, replaces the volume's content by a copy of the snapshot, once per generation, so that a repeated
   * call keeps what was written since. The volume gets `sizeGb`, or what the snapshot holds if that is more. Throws
   * `not_found`, and changes nothing, where the snapshot is missing, and `invalid` where the volume would have to be
   * replaced while attached.
   */
  ensureVolume(volume: VolumeSpec, origin?: VolumeOrigin): Promise<void>;
  /** Null where the volume does not exist or its creation was not completed. */
  describeVolume(ref: VolumeRef): Promise<VolumeReport | null>;
  /** Throws `invalid` while the volume is attached to an instance. Succeeds where it does not exist. */
  removeVolume(ref: VolumeRef): Promise<void>;
  /** All volumes of this install, of every team, including incomplete ones. */
  listVolumes(): Promise<VolumeRef[]>;
}
