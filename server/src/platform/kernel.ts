import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { OperatorError } from './operator-error.ts';
import { run } from './run.ts';

interface KernelSetting {
  name: string;
  value: number;
  /** A host that already has more keeps it. */
  atLeast?: true;
  /** The kernel module that brings the setting, where it may not be loaded. */
  module?: string;
  why: string;
}

/** What the kernel's own values are too small for, or leave off. Measured: see docs/operations.md. */
export const KERNEL_SETTINGS: readonly KernelSetting[] = [
  {
    name: 'fs.inotify.max_user_instances',
    value: 1_048_576,
    atLeast: true,
    why: 'with the default, about 30 containers start and the rest silently stop',
  },
  {
    name: 'fs.inotify.max_user_watches',
    value: 1_048_576,
    atLeast: true,
    why: 'each container watches files',
  },
  { name: 'kernel.keys.maxkeys', value: 2000, atLeast: true, why: 'each container holds a keyring' },
  { name: 'kernel.keys.maxbytes', value: 2_000_000, atLeast: true, why: 'each container holds a keyring' },
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
];

const procPath = (name: string): string => path.join('/proc/sys', name.replaceAll('.', '/'));

/** The setting's value now, or null where this kernel does not have it. */
export function readKernelSetting(name: string): number | null {
  const file = procPath(name);
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : null;
}

/** The settings that are not as Danube needs them. */
export const wrongKernelSettings = (): KernelSetting[] =>
  KERNEL_SETTINGS.filter(({ name, value, atLeast }) => {
    const now = readKernelSetting(name);
    return now === null || (atLeast ? now < value : now !== value);
  });

const sysctlFile = (installId: string): string => `/etc/sysctl.d/90-danube-${installId}.conf`;
const modulesFile = (installId: string): string => `/etc/modules-load.d/danube-${installId}.conf`;

/**
 * Writes the settings that differ, now and for the next boot. One that this kernel does not have (a module that it
 * cannot load) is left to `danube doctor` to tell about.
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
      throw new OperatorError(
        `The kernel setting ${setting.name} cannot be changed (${setting.why}).`,
        `Set it from outside, if this is a container: sysctl -w ${setting.name}=${setting.value}`,
        { cause },
      );
    }
  }
  await writeBootFiles(installId);
}

async function writeBootFiles(installId: string): Promise<void> {
  const settings = KERNEL_SETTINGS.map(({ name, value, atLeast }) => {
    const now = atLeast ? Math.max(readKernelSetting(name) ?? 0, value) : value;
    // The leading dash: a kernel without the setting is no error at boot.
    return `-${name} = ${now}`;
  });
  const modules = [...new Set(KERNEL_SETTINGS.flatMap(({ module }) => module ?? []))];
  await writeIfOther(sysctlFile(installId), ['# Written by Danube.', ...settings, ''].join('\n'));
  await writeIfOther(modulesFile(installId), ['# Written by Danube.', ...modules, ''].join('\n'));
}

async function writeIfOther(file: string, text: string): Promise<void> {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** The files that {@link applyKernelSettings} leaves on the host. The values themselves stay: others may rely on them. */
export const kernelFiles = (installId: string): string[] =>
  [sysctlFile(installId), modulesFile(installId)].filter((file) => existsSync(file));

export async function removeKernelFiles(installId: string): Promise<void> {
  for (const file of kernelFiles(installId)) await rm(file, { force: true });
}
