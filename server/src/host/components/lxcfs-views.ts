import { readFileSync } from 'node:fs';
import path from 'node:path';
import { allPids, argumentsOf, identify, linkOf, type ProcessIdentity } from '../../lib/processes.ts';

/** One mount of a lxcfs as a process sees it: a line of `/proc/PID/mountinfo`, see proc_pid_mountinfo(5). */
export interface LxcfsMount {
  /** `major:minor`: the same for all mounts of one lxcfs. */
  device: string;
  place: string;
  /** The file system, whatever this one mount of it says. */
  readOnly: boolean;
}

export function parseLxcfsMounts(mountinfo: string): LxcfsMount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [mount = '', fileSystem = ''] = line.split(' - ');
    const [type, , options = ''] = fileSystem.split(' ');
    if (type !== 'fuse.lxcfs') return [];
    const [, , device = '', , place = ''] = mount.split(' ');
    return [{ device, place, readOnly: options.split(',').includes('ro') }];
  });
}

/** The mounts of lxcfs that a process sees; none where it is gone. */
export const lxcfsMounts = (pid: number | 'self'): LxcfsMount[] =>
  parseLxcfsMounts(readProc(pid, 'mountinfo'));

/**
 * The lxcfs processes of this host that serve that folder, latest first: the first one is mounted there now, and older
 * ones live on for as long as an instance uses them. An lxcfs that a customer runs in an instance is not among them: it
 * has namespaces of its own.
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

/** The containers that were started with another lxcfs than the present one, by the names of their control groups. */
export function containersWithOldView(present: string | undefined): string[] {
  const names = allPids()
    .filter(isContainerInit)
    .filter((pid) => lxcfsMounts(pid).some(({ device, place }) => device !== present && isView(place)))
    .map((pid) => containerName(readProc(pid, 'cgroup')) ?? `process ${pid}`);
  return [...new Set(names)].sort();
}

/** Where a container sees lxcfs; a mount elsewhere is a customer's own. */
const isView = (place: string): boolean => /^\/(proc\/|sys\/devices\/system\/cpu)/.test(place);

/** `NSpid` has the number in each namespace, outermost first: in a container of this host, its first process is 1. */
const isContainerInit = (pid: number): boolean => /^NSpid:\t\d+\t1$/m.test(readProc(pid, 'status'));

/** LXC names the group of a container `lxc.payload.NAME`, Incus the container `PROJECT_INSTANCE`. */
const containerName = (cgroup: string): string | null => /lxc\.payload\.([^/\n]+)/.exec(cgroup)?.[1] ?? null;

function readProc(pid: number | 'self', file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // Gone since it was listed.
  }
}
