import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../lib/run.ts';

export interface PoolHealth {
  mounted: boolean;
  /** False when btrfs has stopped to enforce disk quotas, which it can do after deletions. Null: cannot be told. */
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

/**
 * Makes btrfs count again, after which it enforces quotas as before. Takes under a second on a pool of some gigabytes.
 */
export async function repairPoolQuota(mount: string): Promise<void> {
  await run('btrfs', ['quota', 'rescan', '-w', mount], { timeoutSeconds: 600 });
}
