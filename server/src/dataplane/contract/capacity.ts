/** What there is to make instances of, whoever uses it now. */
export interface CapacityReport {
  /** Memory of the host. */
  memoryMb: number;
  /** Where disks, snapshots and images are. `freeBytes` is what can really still be written. */
  pool: { totalBytes: number; freeBytes: number };
}

/** Why a write to the pool failed: its file system is read-only, or has no room; or anything else, such as a broken disk. */
export type WriteRefusal = 'read_only' | 'full' | 'failed';

/** How much the data plane can hold. */
export interface Capacity {
  /** Asked anew each time. Throws `unreachable` where there is no answer. */
  describeCapacity(): Promise<CapacityReport>;
  /**
   * Why a small write to the pool failed a moment ago. Null: it worked, or cannot be tried from here, as with an Incus on
   * another host. Cheap, because a write is only tried every few seconds.
   */
  findWriteRefusal(): Promise<WriteRefusal | null>;
}
