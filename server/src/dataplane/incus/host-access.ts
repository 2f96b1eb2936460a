import path from 'node:path';
import type { IncusConnection } from './client.ts';
import { cutForbidden } from './connections.ts';
import { DiskUsage } from './disk-usage.ts';
import { removeEmptyVolume, removeHostRemains, stopForgottenDns } from './host-remains.ts';
import { whileThawing } from './thaw.ts';

/**
 * What can be done only on the host that Incus runs on, as root: with its kernel, its processes and its file systems.
 */
export interface HostAccess {
  /** Measures the disks of instances. */
  disks: DiskUsage;
  /** Ends connections that a team's rules forbid. */
  cutForbidden: typeof cutForbidden;
  /** Does what ends a container, which may have frozen itself. */
  whileThawing: typeof whileThawing;
  /** Three kinds of remains of a daemon that was killed. */
  removeEmptyVolume: typeof removeEmptyVolume;
  removeHostRemains: typeof removeHostRemains;
  stopForgottenDns: typeof stopForgottenDns;
}

/** Null where Incus runs elsewhere: all of this is up to its hosts then. */
export function hostAccess(connection: IncusConnection, pool: string): HostAccess | null {
  if (!('socketPath' in connection)) return null;
  const poolFolder = path.join(path.dirname(connection.socketPath), 'storage-pools', pool);
  return {
    disks: new DiskUsage(poolFolder),
    cutForbidden,
    whileThawing,
    removeEmptyVolume,
    removeHostRemains,
    stopForgottenDns,
  };
}
