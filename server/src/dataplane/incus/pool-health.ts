import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { mountAt } from '../../lib/mounts.ts';
import { run } from '../../lib/run.ts';
import type { CapacityReport } from '../contract/capacity.ts';
import { DataPlaneError } from '../contract/errors.ts';

export interface PoolHealth {
  mounted: boolean;
  /** False when Btrfs reports its quota counters as inconsistent; it then enforces no limits. Null: unknown. */
  quotaConsistent: boolean | null;
  totalBytes: number;
  freeBytes: number;
}

export const poolMount = (incusFolder: string, pool: string): string =>
  path.join(incusFolder, 'storage-pools', pool);

/** The file behind a pool that Incus keeps in one. */
export const poolImage = (incusFolder: string, pool: string): string =>
  path.join(incusFolder, 'disks', `${pool}.img`);

/** The state of the pool at this mount point. */
export async function readPoolHealth(mount: string): Promise<PoolHealth> {
  const device = mountedDevice(mount);
  if (!device) return { mounted: false, quotaConsistent: null, totalBytes: 0, freeBytes: 0 };
  const { blocks, bavail, bsize } = await statfs(mount);
  return {
    mounted: true,
    quotaConsistent: quotaConsistent(device),
    totalBytes: blocks * bsize,
    freeBytes: bavail * bsize,
  };
}

/** The space of the pool at this mount point, see {@link writableSpace}. Throws `unreachable` where nothing is mounted. */
export async function readPoolSpace(mount: string, image: string): Promise<CapacityReport['pool']> {
  const health = await readPoolHealth(mount);
  if (health.mounted) return writableSpace(health, image);
  throw new DataPlaneError('unreachable', 'The storage pool is not there.', { detail: mount });
}

/**
 * What a mounted pool can hold, and what can still be written to it: the file behind it, where there is one, is sparse,
 * and grows only as far as the host's own disk has room.
 */
export async function writableSpace(
  { totalBytes, freeBytes }: PoolHealth,
  image: string,
): Promise<CapacityReport['pool']> {
  if (!existsSync(image)) return { totalBytes, freeBytes };
  const [file, host] = [await stat(image), await statfs(path.dirname(image))];
  // Of a file, `blocks` counts units of 512 bytes, see stat(2).
  const unused = Math.max(0, file.blocks * 512 - (totalBytes - freeBytes));
  return { totalBytes, freeBytes: Math.min(freeBytes, unused + host.bavail * host.bsize) };
}

/** Whether anything is mounted at this folder. */
export const isMounted = (folder: string): boolean => mountAt(folder) !== undefined;

/** The device behind a mount point, for example `loop3`. */
function mountedDevice(folder: string): string | null {
  const mount = mountAt(folder);
  return mount ? path.basename(mount.source) : null;
}

function quotaConsistent(device: string): boolean | null {
  const root = '/sys/fs/btrfs';
  if (!existsSync(root)) return null;
  const filesystem = readdirSync(root).find((uuid) => existsSync(path.join(root, uuid, 'devices', device)));
  const file = path.join(root, filesystem ?? '', 'qgroups', 'inconsistent');
  // Without the file, quotas are off: Incus turns them on with the first disk that has a size.
  return existsSync(file) ? readFileSync(file, 'utf8').trim() === '0' : null;
}

/** Btrfs's quota counters: bytes per disk, to which limits apply. The key is the number of the disk's quota group. */
export interface DiskCounts {
  held: Map<number, number>;
  /** False where the counters are wrong: Btrfs says so, or a disk holds more than any pool could. */
  isRight: boolean;
}

/** A counter that fell below zero reads as almost 2^64 bytes, and its guest can no longer write. */
const IMPOSSIBLE = 2 ** 60;

/** The counters of the pool at this mount point, or of one disk in it. Null where quotas are off. */
export async function readDiskCounts(folder: string, options: string[] = []): Promise<DiskCounts | null> {
  const { status, stdout, stderr } = await run('btrfs', ['qgroup', 'show', ...options, '--raw', folder], {
    allow: 'any',
  });
  if (status !== 0) return null;
  const lines = stdout.matchAll(/^0\/(\d+)\s+(\d+)/gm);
  const held = new Map([...lines].map(([, id, bytes]) => [Number(id), Number(bytes)]));
  const isRight = !/inconsistent|rescan/i.test(stderr) && [...held.values()].every((n) => n < IMPOSSIBLE);
  return { held, isRight };
}

/** Most rescans in a row. Copies made during the last one are left to the next call. */
const RECOUNTS = 3;

/**
 * Rescans Btrfs's quota counters, after which limits are enforced again. Takes under a second on a pool of some
 * gigabytes; no limits apply meanwhile. A copy made during a rescan inherits its source's unfinished count, so the
 * rescan is repeated if there was one.
 */
export async function recountDisks(mount: string): Promise<void> {
  let newest = await newestDisk(mount);
  for (let count = 0; count < RECOUNTS; count += 1) {
    await run('btrfs', ['quota', 'rescan', '-w', mount], { timeoutSeconds: 600 });
    const before = newest;
    newest = await newestDisk(mount);
    if (newest === before) return;
  }
}

/** The number of the newest quota group. Numbers are assigned in ascending order and never reused. */
async function newestDisk(mount: string): Promise<number> {
  const counts = await readDiskCounts(mount);
  return Math.max(0, ...(counts?.held.keys() ?? []));
}
