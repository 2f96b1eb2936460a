import type { Capacity } from './capacity.ts';
import type { Compute } from './compute.ts';
import type { Images } from './images.ts';
import type { Metering } from './metering.ts';
import type { Networks } from './networks.ts';
import type { Snapshots } from './snapshots.ts';
import type { Terminals } from './terminal.ts';
import type { Volumes } from './volumes.ts';

export interface DataPlaneReport {
  name: 'incus' | 'sim';
  version: string;
  /** What kind of machine an instance is. */
  virtualization: 'container' | 'virtual-machine';
  /** Cores and memory of the host: no instance can get more. */
  host: { vcpu: number; memoryMb: number };
}

/**
 * Danube's only access to the machines that run instances. Each subject's interface documents its verbs. `incus/` and
 * `sim/` implement all of them, and both pass the contract tests in `server/test/contract/`.
 *
 * Every verb but that of `Terminals` is idempotent: calling it twice, or again after the process was killed during the first call, has the same
 * effect as calling it once. A verb that cannot succeed throws `DataPlaneError`.
 */
export interface DataPlane
  extends Capacity,
    Compute,
    Images,
    Metering,
    Networks,
    Volumes,
    Snapshots,
    Terminals {
  readonly name: 'incus' | 'sim';

  /** Describes the data plane and its host. Throws `unreachable` when it does not answer. */
  describe(): Promise<DataPlaneReport>;

  close(): Promise<void>;
}
