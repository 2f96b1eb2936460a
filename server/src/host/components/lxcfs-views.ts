import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Mount, mountsOf } from '../../lib/mounts.ts';
import { allPids, argumentsOf, identify, linkOf, type ProcessIdentity } from '../../lib/processes.ts';

/** One mount of lxcfs as a process sees it. */
export interface LxcfsMount {
  /** `major:minor`: the same for all mounts of one lxcfs process. */
  device: string;
  place: string;
  /** Whether the file system is read-only, regardless of this mount's own flag. */
  readOnly: boolean;
}

export const ofLxcfs = (mounts: readonly Mount[]): LxcfsMount[] =>
  mounts
    .filter(({ type }) => type === 'fuse.lxcfs')
    .map(({ device, target, fileSystemOptions }) => ({
      device,
      place: target,
      readOnly: fileSystemOptions.includes('ro'),
    }));

/** The mounts of lxcfs that a process sees; empty where the process is gone. */
export const lxcfsMounts = (pid: number | 'self'): LxcfsMount[] => ofLxcfs(mountsOf(pid));

/**
 * The lxcfs processes of this host that serve the folder, newest first: the first one is mounted there now, and older
 * ones live on while instances use them. An lxcfs that a customer runs in an instance is excluded by its namespaces.
 */
export function lxcfsDaemons(folder: string): ProcessIdentity[] {
  const namespaces = (pid: number | 'self'): string => `${linkOf(pid, 'ns/user')} ${linkOf(pid, 'ns/mnt')}`;
  const ours = namespaces('self');
  return allPids()
    .filter((pid) => path.basename(argumentsOf(pid)[0] ?? '') === 'lxcfs')
    .filter((pid) => argumentsOf(pid).includes(folder) && namespaces(pid) === ours)
    .flatMap((pid) => identify(pid) ?? [])
    .sort((a, b) => startTicks(b) - startTicks(a));
}

const startTicks = ({ startTime }: ProcessIdentity): number => Number(startTime.split(':')[1]);

/** The containers that were started with another lxcfs than the present one, by control group name. */
export function containersWithOldView(present: string | undefined): string[] {
  const names = allPids()
    .filter(isContainerInit)
    .filter((pid) => lxcfsMounts(pid).some(({ device, place }) => device !== present && isView(place)))
    .map((pid) => containerName(readProc(pid, 'cgroup')) ?? `process ${pid}`);
  return [...new Set(names)].sort();
}

/** The paths over which a container's lxcfs is mounted; a mount elsewhere is the customer's own. */
const isView = (place: string): boolean => /^\/(proc\/|sys\/devices\/system\/cpu)/.test(place);

/**
 * `NSpid` lists the process id in each namespace, outermost first: a container's first process has 1 in the inner one.
 */
const isContainerInit = (pid: number): boolean => /^NSpid:\t\d+\t1$/m.test(readProc(pid, 'status'));

/** LXC names a container's control group `lxc.payload.NAME`; Incus names the container `PROJECT_INSTANCE`. */
const containerName = (cgroup: string): string | null => /lxc\.payload\.([^/\n]+)/.exec(cgroup)?.[1] ?? null;

function readProc(pid: number | 'self', file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // The process has ended since it was listed.
  }
}
