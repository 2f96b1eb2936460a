import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * One process, and not another one that got its number later: the start time (clock ticks since boot, field 22 of
 * `/proc/PID/stat`, see proc_pid_stat(5)) is part of its identity. Start times repeat only over a reboot, where the
 * boot id differs.
 */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** The process of that number as it is now; null where there is none or it is a zombie. */
export function identify(pid: number): ProcessIdentity | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null; // Gone: the only reason why this file cannot be read.
  }
  // The command name in brackets may hold spaces and brackets itself; fields count from after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  return { pid, startTime: `${bootId()}:${fields[19]}` };
}

let cachedBootId: string | undefined;
function bootId(): string {
  cachedBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return cachedBootId;
}

export const isAlive = (identity: ProcessIdentity): boolean =>
  identify(identity.pid)?.startTime === identity.startTime;

/** The arguments of a process, or an empty list where it is gone. */
export function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** The value of one environment variable that the process was started with. */
export function environmentOf(pid: number, name: string): string | null {
  try {
    const entry = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .find((line) => line.startsWith(`${name}=`));
    return entry?.slice(name.length + 1) ?? null;
  } catch {
    return null;
  }
}

/** Where a link under `/proc/PID` points (`exe`, `cwd`), or null; of a namespace: its type and number. */
export function linkOf(
  pid: number | 'self',
  link: 'exe' | 'cwd' | 'root' | 'ns/mnt' | 'ns/user',
): string | null {
  try {
    return readlinkSync(`/proc/${pid}/${link}`);
  } catch {
    return null;
  }
}

/** The numbers of all processes of the host. */
export const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Sends a signal; a process that is gone already is none to signal. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until the process is gone; false when it is still there after `seconds`. */
export async function waitForExit(identity: ProcessIdentity, seconds: number): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000;
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false;
    await delay(25);
  }
  return true;
}
