import path from 'node:path';
import { run } from '../../lib/run.ts';
import type { IncusConnection } from './client.ts';
import { repairPoolQuota } from './pool-health.ts';

/** What Incus calls the kinds of disks in a pool's folder: root disks and data volumes. */
export type DiskKind = 'containers' | 'custom';

/**
 * Measures disks of an Incus on this host. Incus itself tells of a Btrfs disk only what it shares with no other, which is
 * next to nothing as soon as there is a snapshot; limits count all that a disk holds, and so does this.
 */
export class DiskUsage {
  readonly #folder: string | null;
  #repairing: Promise<void> | null = null;

  constructor(connection: IncusConnection, pool: string) {
    this.#folder =
      'socketPath' in connection
        ? path.join(path.dirname(connection.socketPath), 'storage-pools', pool)
        : null;
  }

  /**
   * Bytes as of the last commit, at most half a minute ago. Where Incus is elsewhere, or the pool is not Btrfs, what Incus
   * says. Null where the file system has lost count, as it may when a snapshot is deleted; where `patient`, it counts anew,
   * which takes seconds on a large pool.
   */
  async heldBytes(
    disk: { kind: DiskKind; project: string; name: string },
    incusSays: number | null,
    { patient = false } = {},
  ): Promise<number | null> {
    if (this.#folder === null) return incusSays;
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
    await this.#repair(this.#folder);
    return this.heldBytes(disk, incusSays);
  }

  /** One at a time: the file system refuses a second. */
  #repair(folder: string): Promise<void> {
    this.#repairing ??= repairPoolQuota(folder).finally(() => {
      this.#repairing = null;
    });
    return this.#repairing;
  }
}
