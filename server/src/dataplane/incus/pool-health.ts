import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../lib/run.ts';

export interface PoolHealth {
  mounted: boolean;
  /** False when Btrfs knows that it has lost count of disks, and enforces no limits. Null: cannot be told. */
  quotaConsistent: boolean | null;
  totalBytes: number;
  freeBytes: number;
}

export const poolMount = (incusFolder: string, pool: string): string =>
  path.join(incusFolder, 'storage-pools', pool);

/** The state of the pool that is mounted there. */
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

/** The device behind a mount point, for example `loop3`: field 10 of mountinfo, see proc_pid_mountinfo(5). */
function mountedDevice(mount: string): string | null {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [before, after] = line.split(' - ');
    if (before?.split(' ')[4] === mount) return path.basename(after?.split(' ')[1] ?? '');
  }
  return null;
}

function quotaConsistent(device: string): boolean | null {
  const root = '/sys/fs/btrfs';
  if (!existsSync(root)) return null;
  const filesystem = readdirSync(root).find((uuid) => existsSync(path.join(root, uuid, 'devices', device)));
  const file = path.join(root, filesystem ?? '', 'qgroups', 'inconsistent');
  // Without the file, quotas are off: Incus turns them on with the first disk that has a size.
  return existsSync(file) ? readFileSync(file, 'utf8').trim() === '0' : null;
}

/** What Btrfs has counted: bytes by disk, which is what limits are about. The key is the number of the disk's quota group. */
export interface DiskCounts {
  held: Map<number, number>;
  /** False where Btrfs has lost count: it says so, or a disk holds more than fits into any pool. */
  isRight: boolean;
}

/** A disk that went below zero counts for almost 2^64 bytes, and its guest cannot write any more. */
const IMPOSSIBLE = 2 ** 60;

/** The counts of the pool that is mounted there, or of one of its disks. Null where nothing is counted. */
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

/** So often in a row, at most: what changes during each count is left to the next one. */
const RECOUNTS = 3;

/**
 * Makes Btrfs count again, after which it enforces limits as before. Takes under a second on a pool of some gigabytes;
 * all limits are off meanwhile. A copy that is made during a count begins with the unfinished count of its source, so
 * one that was made makes it count once more.
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

/** Numbers of quota groups are given out in order, and none twice. */
async function newestDisk(mount: string): Promise<number> {
  const counts = await readDiskCounts(mount);
  return Math.max(0, ...(counts?.held.keys() ?? []));
}
