import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fail, ok, type Verdict, warn } from './verdict.ts';

/** The kernel features of this host that isolate instances from the host and from each other. */
export interface Isolation {
  userNamespaces: boolean;
  seccomp: boolean;
  /** The kernel has it enabled, and the program that loads profiles is installed. */
  appArmor: boolean;
  /** Null: no control groups are mounted. */
  cgroupVersion: 1 | 2 | null;
  /** The controllers among {@link CONTROLLERS} that can be used. */
  controllers: readonly string[];
}

/** The cgroup controllers that Danube needs, and the consequence of lacking each. */
const CONTROLLERS: Readonly<Record<string, string>> = {
  cpu: 'a busy instance leaves less to the others on its processors than their share',
  cpuset: 'every instance uses all processors, whatever its plan',
  memory: 'an instance can fill the memory of the host',
  pids: 'an instance can use up the process ids of the host',
};

const PARSERS = ['/sbin/apparmor_parser', '/usr/sbin/apparmor_parser'];

/** Reads the isolation features from `/proc` and `/sys` below `root`. */
export function readIsolation(root = '/'): Isolation {
  const at = (file: string): string => path.join(root, file);
  const read = (file: string): string => (existsSync(at(file)) ? readFileSync(at(file), 'utf8') : '');
  const maxUserNamespaces = read('proc/sys/user/max_user_namespaces').trim();
  const unified = existsSync(at('sys/fs/cgroup/cgroup.controllers'));
  const mounted = mountedControllers(read('proc/self/mounts'));
  const available = unified ? words(read('sys/fs/cgroup/cgroup.controllers')) : mounted;
  return {
    userNamespaces: maxUserNamespaces !== '' && maxUserNamespaces !== '0',
    seccomp: words(read('proc/sys/kernel/seccomp/actions_avail')).includes('errno'),
    appArmor:
      read('sys/module/apparmor/parameters/enabled').trim() === 'Y' &&
      PARSERS.some((program) => existsSync(at(program))),
    cgroupVersion: unified ? 2 : mounted.length > 0 ? 1 : null,
    controllers: Object.keys(CONTROLLERS).filter((name) => available.includes(name)),
  };
}

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

/** The controllers of cgroup version 1: each hierarchy is a mount with its controllers among the options. */
const mountedControllers = (mounts: string): string[] =>
  mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup')
    .flatMap(([, , , options = '']) => options.split(','));

/** The remedy. Without user namespaces, instances would have to be privileged. */
export const NO_USER_NAMESPACES =
  'Allow them (sysctl -w user.max_user_namespaces=65536), or boot a kernel that has them.';

/** The host's isolation features in one line. */
export function describeIsolation(isolation: Isolation): string {
  const { cgroupVersion } = isolation;
  const controllers = isolation.controllers.join(', ') || 'no controller that is needed';
  return [
    `${isolation.userNamespaces ? '' : 'no '}user namespaces`,
    `${isolation.seccomp ? '' : 'no '}seccomp`,
    `${isolation.appArmor ? '' : 'no '}AppArmor`,
    cgroupVersion === null ? 'no cgroups' : `cgroups of version ${cgroupVersion} (${controllers})`,
  ].join(', ');
}

/** What this host lacks, and what to do about it. */
export function weaknesses(isolation: Isolation): { what: string; remedy: string }[] {
  const found: { what: string; remedy: string }[] = [];
  if (!isolation.userNamespaces) {
    found.push({
      what: 'without user namespaces, root in an instance would be root on this host',
      remedy: NO_USER_NAMESPACES,
    });
  }
  if (!isolation.seccomp) {
    found.push({
      what: 'without seccomp, instances may make every system call, and store more than their disk in Btrfs subvolumes',
      remedy: 'Use a kernel with CONFIG_SECCOMP_FILTER.',
    });
  }
  if (!isolation.appArmor) {
    found.push({
      what:
        'without AppArmor, only user namespaces and seccomp keep an instance from the host: ' +
        'a fault in the kernel is not stopped by a second lock',
      remedy:
        'apt-get install apparmor, boot with `apparmor=1 security=apparmor` where the kernel has it off, ' +
        'then restart the instances.',
    });
  }
  for (const [name, what] of Object.entries(CONTROLLERS)) {
    if (isolation.controllers.includes(name)) continue;
    found.push({
      what: `without the cgroup controller ${name}, ${what}`,
      remedy: `Enable the controller: boot with \`cgroup_enable=${name}\`, or without \`cgroup_disable=${name}\`.`,
    });
  }
  return found;
}

/** For `doctor`: the isolation of instances, and what is missing. */
export function checkIsolation(): Verdict {
  const present = readIsolation();
  const weak = weaknesses(present);
  const text = [describeIsolation(present), ...weak.map(({ what }) => what)].join('; ');
  if (weak.length === 0) return ok(text);
  const remedy = weak.map((weakness) => weakness.remedy).join(' ');
  return present.userNamespaces ? warn(text, remedy) : fail(text, remedy);
}
