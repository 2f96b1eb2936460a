import type { InstanceRef, SnapshotRef } from './refs.ts';

export interface SnapshotReport {
  ref: SnapshotRef;
  /** Bytes that the copied disk holds. */
  diskBytes: number;
}

/**
 * Snapshots of disks. `Compute.ensureInstance` creates a server from one, `Volumes.ensureVolume` the volume of a
 * managed service.
 */
export interface Snapshots {
  /**
   * Copies the disk of an instance, running or stopped, as of one moment: its volume, or its root disk where it has
   * none. Throws `invalid` for an instance with several volumes. During the copy a server is frozen; a service's engine
   * is quiesced, so that it can start from the copy without losing acknowledged writes. An existing snapshot is not
   * changed.
   */
  ensureSnapshot(ref: InstanceRef, snapshot: SnapshotRef): Promise<void>;
  describeSnapshot(snapshot: SnapshotRef): Promise<SnapshotReport | null>;
  /** Succeeds where there is no such snapshot. */
  removeSnapshot(snapshot: SnapshotRef): Promise<void>;
  /** All snapshots of this install, of every team. */
  listSnapshots(): Promise<SnapshotRef[]>;
}
