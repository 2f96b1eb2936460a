import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import path from 'node:path';
import { bridgePrefix, projectName } from '../../dataplane/incus/names.ts';
import { buildGroupName } from '../../images/build-group.ts';
import {
  allPids,
  argumentsOf,
  environmentOf,
  identify,
  isRoot,
  linkOf,
  signal,
  waitForExit,
} from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { removeDanglingVeths } from './dangling-veths.ts';

/**
 * What Incus and its instances leave on a host besides files. All of it contains the data directory or the install id
 * in some name or argument.
 */
interface Remains {
  processes: number[];
  mounts: string[];
  loopDevices: string[];
  bridges: string[];
  cgroups: string[];
}

/** Finds them without asking any daemon. */
function findRemains(home: string, installId: string): Remains {
  return {
    processes: findProcesses(home, installId),
    mounts: findMounts(home),
    loopDevices: findLoopDevices(home),
    bridges: readdirSync('/sys/class/net').filter((name) => name.startsWith(bridgePrefix(installId))),
    cgroups: findCgroups(installId),
  };
}

/** The remains of Incus, as lines for the operator. Numerous things are counted instead of listed. */
export async function findIncusRemains(home: string, installId: string): Promise<string[]> {
  const { processes, cgroups, mounts, loopDevices, bridges } = findRemains(home, installId);
  const chains = isRoot() ? await findIncusChains(installId) : [];
  const count = (list: unknown[], what: string): string[] =>
    list.length === 0 ? [] : [`${what}: ${list.length}`];
  const name = (list: string[], what: string): string[] =>
    list.length === 0 ? [] : [`${what}: ${list.join(', ')}`];
  return [
    ...count(processes, 'processes'),
    ...count(cgroups, 'control groups'),
    ...name(mounts, 'mounts'),
    ...name(loopDevices, 'loop devices'),
    ...name(bridges, 'bridges'),
    ...count(chains, 'chains of nftables in the tables that Incus daemons share'),
  ];
}

/** Daemons have the data directory in their arguments; instances' processes are in control groups named with the id. */
function findProcesses(home: string, installId: string): number[] {
  const containers = `lxc.payload.${projectName(installId, 0).slice(0, -1)}`;
  return allPids().filter((pid) => {
    if (pid === process.pid || !identify(pid)) return false;
    const args = argumentsOf(pid);
    const program = path.basename(args[0]?.split(' /')[0] ?? '');
    const daemon = /^(incusd|dnsmasq|\[lxc monitor\].*)$/.test(program);
    if (daemon && args.some((argument) => namesOurs(argument, home))) return true;
    // Helpers inherit INCUS_DIR. So does an operator's shell, but it is not a program of Incus.
    const helper = linkOf(pid, 'exe')?.startsWith('/usr/libexec/incus/') ?? false;
    if (helper && environmentOf(pid, 'INCUS_DIR') === path.join(home, 'incus')) return true;
    return groupsOf(pid).includes(containers);
  });
}

/**
 * Whether an argument names a folder of ours: alone, after an option (`--conf-file=`), or in a process title (`[lxc
 * monitor] …`).
 */
const namesOurs = (argument: string, home: string): boolean =>
  ourFolders(home).some((folder) => [' ', '='].some((before) => ` ${argument}`.includes(before + folder)));

function groupsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return ''; // The process has ended.
  }
}

/** Only these folders are ours: the operator may keep other files in the data directory. */
const ourFolders = (home: string): string[] => ['incus', 'log'].map((name) => `${path.join(home, name)}/`);

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

/** Control groups of containers at the top of each hierarchy, version 1 and 2. */
function findCgroups(installId: string): string[] {
  const instances = new RegExp(`^lxc\\.(payload|monitor)\\.${projectName(installId, 0).slice(0, -1)}`);
  if (!existsSync(CGROUP_ROOT)) return [];
  const roots = readdirSync(CGROUP_ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [CGROUP_ROOT, ...roots.map((entry) => path.join(CGROUP_ROOT, entry.name))].flatMap((folder) =>
    readdirSync(folder)
      .filter((entry) => instances.test(entry) || entry === buildGroupName(installId))
      .map((entry) => path.join(folder, entry)),
  );
}

const KILL_SECONDS = 10;

/** Removes the remains by force, for an install whose daemons can no longer do it. */
export async function removeIncusRemains(home: string, installId: string): Promise<void> {
  const found = findRemains(home, installId);
  for (const pid of found.processes) {
    const identity = identify(pid);
    if (!identity) continue;
    signal(pid, 'SIGKILL');
    await waitForExit(identity, KILL_SECONDS);
  }
  for (const place of found.mounts) await run('umount', ['--lazy', place], { allow: 'any' });
  // A loop device is released when its file system is unmounted; these were never mounted.
  for (const device of findLoopDevices(home))
    await run('losetup', ['--detach', `/dev/${device}`], { allow: 'any' });
  for (const bridge of found.bridges) await run('ip', ['link', 'delete', bridge], { allow: 'any' });
  await removeIncusChains(installId);
  await removeDanglingVeths(installId);
  for (const group of findCgroups(installId)) await removeCgroup(group);
}

interface Chain {
  family: string;
  name: string;
}

/**
 * The nftables chains that Incus creates for each network (`fwd.BRIDGE`, `acl.BRIDGE`, …) and each instance
 * (`in.PROJECT_NAME.NIC`). All Incus daemons of a host share the tables. Needs root.
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
  // Chains with a network's rules come last: they cannot be deleted while others jump to them.
  for (const { family, name } of chains.toSorted((a, b) => Number(isRules(a)) - Number(isRules(b)))) {
    await run('nft', ['delete', 'chain', family, 'incus', name], { allow: 'any' });
  }
}

/** Removes a control group. That works once it has no processes and no child groups. */
async function removeCgroup(group: string): Promise<void> {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeCgroup(path.join(group, entry.name));
  }
  await rmdir(group);
}
