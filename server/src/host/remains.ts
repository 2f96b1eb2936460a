import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bridgePrefix, projectName } from '../dataplane/incus/names.ts';
import {
  allPids,
  argumentsOf,
  environmentOf,
  identify,
  linkOf,
  signal,
  waitForExit,
} from '../lib/processes.ts';
import { run } from '../lib/run.ts';
import { removeDanglingVeths } from './dangling-veths.ts';

/** What an install leaves on a host besides files: found by its data directory and by the names with its id. */
export interface Remains {
  processes: number[];
  mounts: string[];
  loopDevices: string[];
  bridges: string[];
  cgroups: string[];
}

/** Looks for all of them; works without any daemon. */
export function findRemains(home: string, installId: string): Remains {
  return {
    processes: findProcesses(home, installId),
    mounts: findMounts(home),
    loopDevices: findLoopDevices(home),
    bridges: readdirSync('/sys/class/net').filter((name) => name.startsWith(bridgePrefix(installId))),
    cgroups: findCgroups(installId),
  };
}

export const isEmpty = (remains: Remains): boolean =>
  Object.values(remains).every((list) => list.length === 0);

/** Daemons and helpers name the data directory in their arguments; what runs in a container is in one of its groups. */
function findProcesses(home: string, installId: string): number[] {
  const containers = `lxc.payload.${projectName(installId, 0).slice(0, -1)}`;
  return allPids().filter((pid) => {
    if (pid === process.pid || !identify(pid)) return false;
    const args = argumentsOf(pid);
    const daemon = /^(incusd|postgres|dnsmasq|lxcfs|\[lxc monitor\].*)$/.test(
      path.basename(args[0]?.split(' /')[0] ?? ''),
    );
    if (daemon && args.some((argument) => namesOurs(argument, home))) return true;
    // Helpers of our daemon inherit its folder. So does a shell in which the operator set it: the program tells.
    const helper = linkOf(pid, 'exe')?.startsWith('/usr/libexec/incus/') ?? false;
    if (helper && environmentOf(pid, 'INCUS_DIR') === path.join(home, 'incus')) return true;
    return groupsOf(pid).includes(containers);
  });
}

/** As a path of its own, after an option (`--conf-file=`), or in a title (`[lxc monitor] …`). */
const namesOurs = (argument: string, home: string): boolean =>
  ourFolders(home).some((folder) => [' ', '='].some((before) => ` ${argument}`.includes(before + folder)));

function groupsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return ''; // The process is gone.
  }
}

/** Only below these is everything ours: somebody may keep other things in the data directory, and even mount them. */
const ourFolders = (home: string): string[] =>
  ['incus', 'log', 'postgres'].map((name) => `${path.join(home, name)}/`);

/** Mount points of our Incus, innermost first. */
function findMounts(home: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replace(/\\040/g, ' '))
    .filter((place) => place.startsWith(`${path.join(home, 'incus')}/`))
    .sort((a, b) => b.length - a.length);
}

function findLoopDevices(home: string): string[] {
  return readdirSync('/sys/block').filter((name) => {
    const file = `/sys/block/${name}/loop/backing_file`;
    return (
      name.startsWith('loop') &&
      existsSync(file) &&
      readFileSync(file, 'utf8').startsWith(`${path.join(home, 'incus')}/`)
    );
  });
}

const CGROUP_ROOT = '/sys/fs/cgroup';

/** Containers' control groups at the top of each hierarchy, version 1 and 2. */
function findCgroups(installId: string): string[] {
  const name = new RegExp(`^lxc\\.(payload|monitor)\\.${projectName(installId, 0).slice(0, -1)}`);
  if (!existsSync(CGROUP_ROOT)) return [];
  const roots = readdirSync(CGROUP_ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [CGROUP_ROOT, ...roots.map((entry) => path.join(CGROUP_ROOT, entry.name))].flatMap((folder) =>
    readdirSync(folder)
      .filter((entry) => name.test(entry))
      .map((entry) => path.join(folder, entry)),
  );
}

const KILL_SECONDS = 10;

/** Removes by force what is still there: for an install whose daemons can no longer do it themselves. */
export async function removeRemains(home: string, installId: string): Promise<void> {
  const found = findRemains(home, installId);
  for (const pid of found.processes) {
    const identity = identify(pid);
    if (!identity) continue;
    signal(pid, 'SIGKILL');
    await waitForExit(identity, KILL_SECONDS);
  }
  for (const place of found.mounts) await run('umount', ['--lazy', place], { allow: 'any' });
  // The loop device of an unmounted pool frees itself; this is for those that were never mounted.
  for (const device of findLoopDevices(home))
    await run('losetup', ['--detach', `/dev/${device}`], { allow: 'any' });
  for (const bridge of found.bridges) await run('ip', ['link', 'delete', bridge], { allow: 'any' });
  await removeIncusChains(installId);
  await removeDanglingVeths();
  for (const group of findCgroups(installId)) await removeCgroup(group);
}

interface Chain {
  family: string;
  name: string;
}

/**
 * Chains of nftables that Incus keeps per network (`fwd.BRIDGE`, `acl.BRIDGE`, …) and instance (`in.PROJECT_NAME.NIC`), in
 * tables that daemons share. Needs root.
 */
export async function findIncusChains(installId: string): Promise<Chain[]> {
  const names = [`.${bridgePrefix(installId)}`, `.${projectName(installId, 0).slice(0, -1)}`];
  const found: Chain[] = [];
  for (const family of ['inet', 'bridge', 'ip', 'ip6']) {
    const listed = await run('nft', ['list', 'table', family, 'incus'], { allow: 'any' });
    for (const [, name = ''] of listed.stdout.matchAll(/^\s*chain (\S+) \{/gm)) {
      if (names.some((part) => name.includes(part))) found.push({ family, name });
    }
  }
  return found;
}

async function removeIncusChains(installId: string): Promise<void> {
  const isRules = ({ name }: Chain): boolean => name.startsWith('acl.');
  const chains = await findIncusChains(installId);
  // The rules of a network last: a chain that others jump to cannot be deleted.
  for (const { family, name } of chains.toSorted((a, b) => Number(isRules(a)) - Number(isRules(b)))) {
    await run('nft', ['delete', 'chain', family, 'incus', name], { allow: 'any' });
  }
}

const SETTLE_SECONDS = 10;

/** Waits, within reason, for what was told to go to be gone: a killed container takes a moment to be taken apart. */
export async function settle(home: string, installId: string): Promise<Remains> {
  const deadline = Date.now() + SETTLE_SECONDS * 1000;
  for (;;) {
    const remains = findRemains(home, installId);
    if (isEmpty(remains) || Date.now() > deadline) return remains;
    await delay(100);
  }
}

/** Groups can be removed from the inside out, once nothing runs in them. */
async function removeCgroup(group: string): Promise<void> {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeCgroup(path.join(group, entry.name));
  }
  await rmdir(group);
}
