import type { Compute } from './compute.ts';
import type { Images } from './images.ts';
import type { Networks } from './networks.ts';
import type { Snapshots } from './snapshots.ts';
import type { Volumes } from './volumes.ts';

export interface DataPlaneReport {
  name: 'incus' | 'sim';
  version: string;
  /** What an instance is on this host. */
  virtualization: 'container' | 'virtual-machine';
  /** Cores and memory of the host: the cap of what an instance can get. */
  host: { vcpu: number; memoryMb: number };
}

/**
 * The only way from Danube to the machines that instances run on; what each subject promises is in the file of its
 * name. `incus/` and `sim/` implement all of it, and pass the contract in `server/test/contract/`.
 *
 * Every verb is idempotent: calling it twice, or again after the process was killed in the middle of it, leaves
 * the same state as calling it once. A verb that cannot succeed throws `DataPlaneError`.
 */
export interface DataPlane extends Compute, Images, Networks, Volumes, Snapshots {
  readonly name: 'incus' | 'sim';

  /** What the data plane is. Throws `unreachable` when it does not answer. */
  describe(): Promise<DataPlaneReport>;

  close(): Promise<void>;
}
