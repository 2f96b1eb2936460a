import path from 'node:path';
import type { CapacityReport, WriteRefusal } from '../contract/capacity.ts';
import type { IncusConnection } from './client.ts';
import { cutForbidden } from './connections.ts';
import { DiskUsage } from './disk-usage.ts';
import { openHostPorts } from './host-ports.ts';
import {
  removeEmptyVolume,
  removeHostRemains,
  removeMissingAddresses,
  stopForgottenDns,
} from './host-remains.ts';
import { readCpuWait, readHost } from './metering.ts';
import { askNeighboursOften } from './neighbours.ts';
import { readOomKills } from './oom-kills.ts';
import { isMounted, poolImage, poolMount, readPoolSpace } from './pool-health.ts';
import { whileThawing } from './thaw.ts';
import { WriteProbe } from './write-probe.ts';

/**
 * Operations that only work as root on the host that Incus runs on: they use its kernel, processes and file systems.
 */
export interface HostAccess {
  /** Measures the disks of instances. */
  disks: DiskUsage;
  /** What the pool can hold, and what can still be written to it. */
  poolSpace(): Promise<CapacityReport['pool']>;
  /** Why the pool takes no writes; null where one worked in the last seconds. */
  writeRefusal(): Promise<WriteRefusal | null>;
  /** Processes that the kernel killed for want of memory, see {@link readOomKills}. */
  oomKills: typeof readOomKills;
  /** Seconds in which a container waited for a processor, see {@link readCpuWait}. */
  cpuWait: typeof readCpuWait;
  /** The host itself, see {@link readHost}. */
  measure: typeof readHost;
  /** Cuts connections that a team's rules forbid. */
  cutForbidden: typeof cutForbidden;
  /** Runs work that ends a container, and thaws the container meanwhile in case its root has frozen it. */
  whileThawing: typeof whileThawing;
  /** Has the host find the instances on a bridge soon after they are up. */
  askNeighboursOften: typeof askNeighboursOften;
  /** Lets instances connect to ports of this host. */
  openHostPorts: typeof openHostPorts;
  /** Remove what a killed Incus daemon leaves behind. */
  removeEmptyVolume: typeof removeEmptyVolume;
  removeHostRemains: typeof removeHostRemains;
  stopForgottenDns: typeof stopForgottenDns;
  /** Lets instances without IPv6 on a bridge start, see {@link removeMissingAddresses}. */
  removeMissingAddresses(bridge: string): Promise<boolean>;
}

/** Null where Incus runs elsewhere; these operations are then up to the operators of those hosts. */
export function hostAccess(connection: IncusConnection, pool: string): HostAccess | null {
  if (!('socketPath' in connection)) return null;
  const folder = path.dirname(connection.socketPath);
  const poolFolder = poolMount(folder, pool);
  const image = poolImage(folder, pool);
  const writes = new WriteProbe(poolFolder);
  return {
    disks: new DiskUsage(poolFolder),
    // What is written while nothing is mounted is not in the pool.
    writeRefusal: async () => (isMounted(poolFolder) ? writes.refusal() : 'failed'),
    oomKills: readOomKills,
    cpuWait: readCpuWait,
    measure: readHost,
    poolSpace: () => readPoolSpace(poolFolder, image),
    cutForbidden,
    whileThawing,
    askNeighboursOften,
    openHostPorts,
    removeEmptyVolume,
    removeHostRemains,
    stopForgottenDns,
    removeMissingAddresses: (bridge) =>
      removeMissingAddresses(path.join(folder, 'networks', bridge, 'dnsmasq.hosts')),
  };
}
