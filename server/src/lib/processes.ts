import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * Identifies a process, as distinct from a later one with the same number, by its start time (clock ticks since boot,
 * field 22 of `/proc/PID/stat`, see proc_pid_stat(5)). Start times can repeat after a reboot, which changes the boot
 * id.
 */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** The process with that number; null where there is none or it is a zombie. */
export function identify(pid: number): ProcessIdentity | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null; // The process has ended: the only reason why this file cannot be read.
  }
  // The command name in parentheses may itself contain spaces and parentheses, so count the fields from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  return { pid, startTime: `${bootId()}:${fields[19]}` };
}

/** When a process began, in milliseconds since 1970; null where it has ended. */
export function startedAt(pid: number): number | null {
  const ticks = Number(identify(pid)?.startTime.split(':')[1]);
  const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
  // Hundredths of a second since the boot, see proc_pid_stat(5).
  return Number.isNaN(ticks) ? null : Number(boot) * 1000 + ticks * 10;
}

let cachedBootId: string | undefined;
function bootId(): string {
  cachedBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return cachedBootId;
}

export const isAlive = (identity: ProcessIdentity): boolean =>
  identify(identity.pid)?.startTime === identity.startTime;

/** The arguments of a process, or an empty list where it has ended. */
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

/** The target of a link in `/proc/PID` (`exe`, `cwd`), or null; for a namespace, its type and number. */
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

/** The ids of all processes of the host. */
export const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Sends a signal; does nothing where the process has ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits for the process to end; false where it is still running after `seconds`. */
export async function waitForExit(identity: ProcessIdentity, seconds: number): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000;
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false;
    await delay(25);
  }
  return true;
}
