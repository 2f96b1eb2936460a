import path from 'node:path';
import type { IncusContext } from './context.ts';
import { readDiskCounts, recountDisks } from './pool-health.ts';

/** Folders of disks in an Incus storage pool: root disks and volumes. */
export type DiskKind = 'containers' | 'custom';

export interface Disk {
  kind: DiskKind;
  project: string;
  name: string;
}

/**
 * Bytes that a disk holds. Incus's own figure where Incus runs elsewhere or the pool is not Btrfs. Null where Btrfs's
 * quota counters are wrong, see {@link DiskUsage.heldBytes}.
 */
export async function heldBytes(
  { host }: IncusContext,
  disk: Disk,
  incusSays: IncusFigure,
  { patient = false } = {},
): Promise<number | null> {
  return host ? host.disks.heldBytes(disk, incusSays, patient) : incusSays();
}

/** Incus's own figure in bytes; null where it has none. It is asked only where the figure is of use. */
export type IncusFigure = () => number | null | Promise<number | null>;

/**
 * Measures disks of an Incus on this host. For Btrfs, Incus reports only the data that a disk shares with no other,
 * which is close to nothing once there is a snapshot. Disk limits count all data, and so does this class.
 */
export class DiskUsage {
  readonly #folder: string;
  #recount: Promise<void> | null = null;

  /** `folder`: the pool's mount point. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Bytes as of the last commit of the file system, at most half a minute ago; `incusSays` where the pool is not Btrfs.
   * Null where the quota counters are wrong, which can happen when a snapshot is deleted. With `patient` they are
   * rescanned first, which takes seconds on a large pool.
   */
  async heldBytes(disk: Disk, incusSays: IncusFigure, patient: boolean): Promise<number | null> {
    const folder = path.join(this.#folder, disk.kind, `${disk.project}_${disk.name}`);
    const counts = await readDiskCounts(folder, ['-f']);
    const [bytes = null] = counts?.held.values() ?? [];
    if (!counts || (counts.isRight && bytes === null)) return incusSays();
    if (counts.isRight) return bytes;
    if (!patient) return null;
    await this.recount();
    return this.heldBytes(disk, incusSays, false);
  }

  /** Rescans the quota counters. One rescan at a time: Btrfs refuses a second. */
  recount(): Promise<void> {
    this.#recount ??= recountDisks(this.#folder).finally(() => {
      this.#recount = null;
    });
    return this.#recount;
  }
}
