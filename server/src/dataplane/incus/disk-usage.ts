import path from 'node:path';
import type { IncusContext } from './context.ts';
import { readDiskCounts, recountDisks } from './pool-health.ts';

/** What Incus calls the kinds of disks in a pool's folder: root disks and volumes. */
export type DiskKind = 'containers' | 'custom';

export interface Disk {
  kind: DiskKind;
  project: string;
  name: string;
}

/**
 * Bytes that a disk holds; where Incus is elsewhere, or the pool is not Btrfs, what Incus says. Null where the file
 * system has lost count, see {@link DiskUsage.heldBytes}.
 */
export async function heldBytes(
  { host }: IncusContext,
  disk: Disk,
  incusSays: number | null,
  { patient = false } = {},
): Promise<number | null> {
  return host ? host.disks.heldBytes(disk, incusSays, patient) : incusSays;
}

/**
 * Measures disks of an Incus on this host. Incus itself tells of a Btrfs disk only what it shares with no other, which
 * is next to nothing as soon as there is a snapshot; limits count all that a disk holds, and so does this.
 */
export class DiskUsage {
  readonly #folder: string;
  #recount: Promise<void> | null = null;

  /** `folder`: where the pool is mounted. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Bytes as of the last commit, at most half a minute ago; what Incus says where the pool is not Btrfs. Null where the
   * file system has lost count, as it may when a snapshot is deleted; where `patient`, it counts anew, which takes
   * seconds on a large pool.
   */
  async heldBytes(disk: Disk, incusSays: number | null, patient: boolean): Promise<number | null> {
    const folder = path.join(this.#folder, disk.kind, `${disk.project}_${disk.name}`);
    const counts = await readDiskCounts(folder, ['-f']);
    const [bytes = null] = counts?.held.values() ?? [];
    if (!counts || (counts.isRight && bytes === null)) return incusSays;
    if (counts.isRight) return bytes;
    if (!patient) return null;
    await this.recount();
    return this.heldBytes(disk, incusSays, false);
  }

  /** Makes the file system count again. One at a time: it refuses a second. */
  recount(): Promise<void> {
    this.#recount ??= recountDisks(this.#folder).finally(() => {
      this.#recount = null;
    });
    return this.#recount;
  }
}
