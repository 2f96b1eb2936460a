/** What there is to make instances of, whoever uses it now. */
export interface CapacityReport {
  /** Memory of the host. */
  memoryMb: number;
  /** Where disks, snapshots and images are. `freeBytes` is what can really still be written. */
  pool: { totalBytes: number; freeBytes: number };
}

/** How much the data plane can hold. */
export interface Capacity {
  /** Asked anew each time. Throws `unreachable` where there is no answer. */
  describeCapacity(): Promise<CapacityReport>;
}
