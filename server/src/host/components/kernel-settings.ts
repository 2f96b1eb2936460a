import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { run } from '../../lib/run.ts';
import type { HostComponent } from '../component.ts';
import { OperatorError } from '../operator-error.ts';
import { fail, ok, RESTART, type Verdict, warn } from '../verdict.ts';
import { connectionTableEntries, TIME_WAIT_SECONDS } from './flow-bounds.ts';
import { usesLocalIncus } from './incus-connection.ts';

interface KernelSetting {
  name: string;
  value: number;
  /** A minimum: a higher value is kept. */
  atLeast?: true;
  /** A maximum: a lower value is kept. */
  atMost?: true;
  /** The kernel module that provides the setting, where it may not be loaded. */
  module?: string;
  /** Only a process with CAP_SYS_RESOURCE may change it; where root has not got that, it is left to `danube doctor`. */
  privileged?: true;
  why: string;
}

const neighbours = (family: 'ipv4' | 'ipv6'): KernelSetting[] =>
  [4096, 32_768, 65_536].map((value, index) => ({
    name: `net.${family}.neigh.default.gc_thresh${index + 1}`,
    value,
    atLeast: true,
    why: 'the instances of all teams share one table of neighbours, and a full one cuts off the host too',
  }));

/**
 * The highest value that these settings take. The kernel counts what root of all instances has as root's of this host, so
 * one instance could take all. What bounds it instead is the memory of each instance, which these things are counted as.
 */
const UNBOUNDED = 2_147_483_647;

const shared: readonly KernelSetting[] = [
  ...['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'].map((kind) => ({
    name: `user.max_${kind}_namespaces`,
    value: UNBOUNDED,
    privileged: true as const,
    why: 'all instances share the count: a full one starts no instance',
  })),
  {
    name: 'fs.inotify.max_user_instances',
    value: UNBOUNDED,
    why: 'all instances share the count; with the default, about 30 containers start and the rest silently stop',
  },
  {
    name: 'fs.inotify.max_user_watches',
    value: UNBOUNDED,
    why: 'all instances share the count, and each container watches files',
  },
  {
    name: 'fs.fanotify.max_user_groups',
    value: UNBOUNDED,
    why: 'all instances share the count',
  },
  { name: 'fs.fanotify.max_user_marks', value: UNBOUNDED, why: 'all instances share the count' },
  {
    name: 'fs.aio-max-nr',
    value: UNBOUNDED,
    why: 'all instances share the count, and MySQL does not start without asynchronous reads',
  },
  // The highest that the kernel takes.
  {
    name: 'kernel.pty.max',
    value: 1_048_576,
    why: 'all instances share the terminals: without one, nobody logs in',
  },
].map((setting) => ({ ...setting, atLeast: true as const }));

const TABLE_ENTRIES = connectionTableEntries(os.totalmem() / 2 ** 20);

const connections: readonly KernelSetting[] = [
  {
    name: 'net.netfilter.nf_conntrack_max',
    value: TABLE_ENTRIES,
    atLeast: true,
    module: 'nf_conntrack',
    why: 'all instances share the table of connections, and a full one takes no new connection of anybody',
  },
  {
    name: 'net.netfilter.nf_conntrack_buckets',
    value: Math.ceil(TABLE_ENTRIES / 8),
    atLeast: true,
    module: 'nf_conntrack',
    why: 'with fewer, the host looks for a connection in long lists when the table is full',
  },
  {
    name: 'net.netfilter.nf_conntrack_tcp_timeout_time_wait',
    value: TIME_WAIT_SECONDS,
    atMost: true,
    module: 'nf_conntrack',
    why: 'closed connections stay in the table for that long, where no bound on open ones counts them',
  },
];

/** Settings whose kernel defaults are too low, or off. Measured: see docs/operations.md. */
export const KERNEL_SETTINGS: readonly KernelSetting[] = [
  ...shared,
  { name: 'kernel.keys.maxkeys', value: 2000, atLeast: true, why: 'each container holds a keyring' },
  { name: 'kernel.keys.maxbytes', value: 2_000_000, atLeast: true, why: 'each container holds a keyring' },
  {
    name: 'kernel.pid_max',
    value: 4_194_304,
    atLeast: true,
    why: 'all instances share the process ids: a few full ones leave none for the host',
  },
  {
    name: 'kernel.threads-max',
    value: 4_194_304,
    atLeast: true,
    why: 'all instances share the number of threads: a few dozen full ones leave none for the host',
  },
  {
    name: 'fs.file-max',
    value: 4_194_304,
    atLeast: true,
    why: 'all instances share the open files; the memory limit of each bounds its own',
  },
  {
    name: 'vm.oom_dump_tasks',
    value: 0,
    why: 'an instance without memory would write all its processes into the log of this host, many times a second',
  },
  ...neighbours('ipv4'),
  ...neighbours('ipv6'),
  { name: 'net.ipv4.ip_forward', value: 1, why: 'instances reach the network through this host' },
  {
    name: 'net.bridge.bridge-nf-call-iptables',
    value: 1,
    module: 'br_netfilter',
    why: 'firewalls apply between instances on one bridge',
  },
  {
    name: 'net.bridge.bridge-nf-call-ip6tables',
    value: 1,
    module: 'br_netfilter',
    why: 'firewalls apply between instances on one bridge',
  },
  {
    name: 'net.netfilter.nf_hooks_lwtunnel',
    value: 1,
    module: 'nf_conntrack',
    why: 'an instance can switch it on for the whole host, and nobody can switch it off: if on already, nothing changes',
  },
  ...connections,
];

const procPath = (name: string): string => path.join('/proc/sys', name.replaceAll('.', '/'));

function readText(name: string): string | null {
  const file = procPath(name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

/** The present value, or null where this kernel does not have the setting. */
export function readKernelSetting(name: string): number | null {
  const text = readText(name);
  return text === null ? null : Number(text);
}

const isLoaded = (module: string): boolean => existsSync(`/sys/module/${module}`);

/**
 * The settings that are not as Danube needs them. A missing setting counts only where an unloaded module would provide
 * it: in a container the neighbour table belongs to the outer host, and without IPv6 there is none.
 */
export const wrongKernelSettings = (read = readKernelSetting, loaded = isLoaded): KernelSetting[] =>
  KERNEL_SETTINGS.filter((setting) => {
    const now = read(setting.name);
    if (now === null) return setting.module !== undefined && !loaded(setting.module);
    return now !== setting.value && !keeps(setting, now);
  });

/** Whether a value that differs is as good. */
const keeps = ({ value, atLeast, atMost }: KernelSetting, now: number): boolean =>
  (atLeast === true && now > value) || (atMost === true && now < value);

const sysctlFile = (installId: string): string => `/etc/sysctl.d/90-danube-${installId}.conf`;
const modulesFile = (installId: string): string => `/etc/modules-load.d/danube-${installId}.conf`;

/**
 * Changes wrong settings, now and for the next boot. Settings that are missing because a module cannot be loaded are
 * left to `danube doctor`, and so are those that need a right which root has not got.
 */
export async function applyKernelSettings(installId: string): Promise<void> {
  for (const setting of wrongKernelSettings()) {
    if (setting.module && readKernelSetting(setting.name) === null) {
      await run('modprobe', [setting.module], { allow: 'any' });
    }
    if (readKernelSetting(setting.name) === null) continue;
    try {
      await writeFile(procPath(setting.name), `${setting.value}\n`);
    } catch (cause) {
      if (setting.privileged && (cause as NodeJS.ErrnoException).code === 'EACCES') continue;
      throw new OperatorError(
        `The kernel setting ${setting.name} cannot be changed (${setting.why}).`,
        `Set it from outside, if this is a container: sysctl -w ${setting.name}=${setting.value}`,
        { cause },
      );
    }
  }
  await writeBootFiles(installId);
}

/** The lines of a sysctl.d file that set everything at boot. `read` returns a present value as the kernel prints it. */
export const bootSettings = (read = readText): string[] =>
  KERNEL_SETTINGS.map((setting) => {
    const now = read(setting.name);
    // As text: fs.file-max may be 2^63 - 1, which a JavaScript number would round up to more than the kernel accepts.
    const kept = now !== null && keeps(setting, Number(now)) ? now : setting.value;
    // The leading dash makes a missing setting no error at boot.
    return `-${setting.name} = ${kept}`;
  });

async function writeBootFiles(installId: string): Promise<void> {
  const modules = [...new Set(KERNEL_SETTINGS.flatMap(({ module }) => module ?? []))];
  await writeIfOther(sysctlFile(installId), ['# Written by Danube.', ...bootSettings(), ''].join('\n'));
  await writeIfOther(modulesFile(installId), ['# Written by Danube.', ...modules, ''].join('\n'));
}

async function writeIfOther(file: string, text: string): Promise<void> {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

/**
 * The files that {@link applyKernelSettings} writes. Removing them keeps the present values, which others may rely on.
 */
export const kernelFiles = (installId: string): string[] =>
  [sysctlFile(installId), modulesFile(installId)].filter((file) => existsSync(file));

export async function removeKernelFiles(installId: string): Promise<void> {
  for (const file of kernelFiles(installId)) await rm(file, { force: true });
}

/** Kernel limits that are too low for many instances. Set persistently at start, and not watched. */
export const kernelSettings: HostComponent = {
  name: 'Kernel settings',
  appliesTo: usesLocalIncus,
  create: ({ installId }) => ({
    title: 'Changing kernel settings',
    ensure: () => applyKernelSettings(installId),
  }),
  checks: [{ name: 'kernel settings', look: async () => judgeKernelSettings() }],
  async remove({ installId }, attempt) {
    await attempt('Removing kernel settings', () => removeKernelFiles(installId));
  },
  async remains({ installId }) {
    const files = kernelFiles(installId);
    return files.length > 0 ? [files.join(', ')] : [];
  },
};

const describe = ({ name, value }: KernelSetting): string =>
  `${name} is ${readKernelSetting(name) ?? 'unknown to this kernel'}, not ${value}`;

/** What `doctor` says of these settings. */
export function judgeKernelSettings(wrong = wrongKernelSettings()): Verdict {
  if (wrong.length === 0) return ok('as needed');
  const byReason = Map.groupBy(wrong, ({ why }) => why);
  const list = [...byReason].map(([why, settings]) => `${settings.map(describe).join(', ')}: ${why}`);
  const settable = wrong.some(({ name, privileged }) => !privileged && readKernelSetting(name) !== null);
  if (settable) return fail(list.join('; '), RESTART);
  const modules = [...new Set(wrong.flatMap(({ module }) => module ?? []))].join(', ');
  const remedies = [
    ...(modules ? [`Load the kernel module ${modules}.`] : []),
    ...(wrong.some(({ privileged }) => privileged)
      ? ['Set them from outside, if this is a container: root here has no CAP_SYS_RESOURCE.']
      : []),
  ];
  return warn(list.join('; '), remedies.join(' '));
}
