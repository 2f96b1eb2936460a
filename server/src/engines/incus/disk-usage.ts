import path from 'node:path';
import { run } from '../../platform/run.ts';
import type { IncusConnection } from './client.ts';

/** What Incus calls the kinds of disks in a pool's folder: root disks and data volumes. */
export type DiskKind = 'containers' | 'custom';

/**
 * Measures disks of an Incus on this host. Incus itself tells of a Btrfs disk only what it shares with no other, which is
 * next to nothing as soon as there is a snapshot; limits count all that a disk holds, and so does this.
 */
export class DiskUsage {
  readonly #folder: string | null;

  constructor(connection: IncusConnection, pool: string) {
    this.#folder =
      'socketPath' in connection
        ? path.join(path.dirname(connection.socketPath), 'storage-pools', pool)
        : null;
  }

  /** Bytes as of the last commit, at most half a minute ago. Null where Incus is elsewhere, or the pool is not Btrfs. */
  async heldBytes(kind: DiskKind, project: string, name: string): Promise<number | null> {
    if (this.#folder === null) return null;
    const disk = path.join(this.#folder, kind, `${project}_${name}`);
    const { status, stdout } = await run('btrfs', ['qgroup', 'show', '-f', '--raw', disk], { allow: 'any' });
    const line = stdout.split('\n').find((text) => /^0\/\d+\s/.test(text));
    const bytes = Number(line?.split(/\s+/)[1]);
    return status === 0 && Number.isFinite(bytes) ? bytes : null;
  }
}
