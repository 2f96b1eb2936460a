import type { InstanceRef, SnapshotRef } from './refs.ts';

export interface SnapshotReport {
  ref: SnapshotRef;
  /** What the kept disk holds. */
  diskBytes: number;
}

/**
 * Kept states of disks: `Compute.ensureInstance` makes a server from one, `Volumes.ensureVolume` the volume of a
 * service.
 */
export interface Snapshots {
  /**
   * Keeps the disk of an instance, running or stopped, as it is at one moment: its volume where it has one, else its
   * root disk. Throws `invalid` for an instance with several volumes. A server is frozen meanwhile; the engine of a
   * service is quiesced so that it starts from the copy without losing what it has acknowledged. A snapshot that is
   * there stays as it is.
   */
  ensureSnapshot(ref: InstanceRef, snapshot: SnapshotRef): Promise<void>;
  describeSnapshot(snapshot: SnapshotRef): Promise<SnapshotReport | null>;
  /** Nothing to delete is success. */
  removeSnapshot(snapshot: SnapshotRef): Promise<void>;
  /** Every snapshot that this install made, of all teams. */
  listSnapshots(): Promise<SnapshotRef[]>;
}
