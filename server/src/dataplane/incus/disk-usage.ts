import path from 'node:path';
import { run } from '../../lib/run.ts';
import type { IncusContext } from './context.ts';
import { repairPoolQuota } from './pool-health.ts';

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
  #repairing: Promise<void> | null = null;

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
    const { status, stdout, stderr } = await run('btrfs', ['qgroup', 'show', '-f', '--raw', folder], {
      allow: 'any',
    });
    if (status !== 0) return incusSays;
    if (!/inconsistent|rescan/i.test(stderr)) {
      const line = stdout.split('\n').find((text) => /^0\/\d+\s/.test(text));
      return line ? Number(line.split(/\s+/)[1]) : incusSays;
    }
    if (!patient) return null;
    await this.#repair();
    return this.heldBytes(disk, incusSays, false);
  }

  /** One at a time: the file system refuses a second. */
  #repair(): Promise<void> {
    this.#repairing ??= repairPoolQuota(this.#folder).finally(() => {
      this.#repairing = null;
    });
    return this.#repairing;
  }
}
