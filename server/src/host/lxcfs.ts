import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity, signal, waitForExit } from '../lib/processes.ts';
import { run } from '../lib/run.ts';
import { startDaemon } from './daemon.ts';
import { isSystemd } from './system.ts';

const MOUNT = '/var/lib/lxcfs';
const READY_SECONDS = 20;

/** Whether lxcfs is mounted and answers: without it, containers see the host's memory and processors. */
export function lxcfsWorks(): boolean {
  try {
    return readFileSync(path.join(MOUNT, 'proc', 'uptime'), 'utf8').length > 0;
  } catch {
    return false; // Not mounted, or mounted by a process that died.
  }
}

const isMounted = (): boolean => readFileSync('/proc/self/mounts', 'utf8').includes(` ${MOUNT} fuse`);

/** Remembers that this install started lxcfs, and as which process. */
const marker = (home: string): string => path.join(home, 'lxcfs.json');

/** Starts lxcfs where nobody runs it. There is one on a host, whoever needs it: ours, another install's, the system's. */
export async function ensureLxcfs(home: string): Promise<void> {
  if (lxcfsWorks()) return;
  if (isMounted()) await run('umount', ['--lazy', MOUNT], { allow: 'any' });
  if (isSystemd()) {
    await run('systemctl', ['restart', 'lxcfs.service']);
  } else {
    await mkdir(MOUNT, { recursive: true });
    const started = await startDaemon({
      command: '/usr/bin/lxcfs',
      args: [MOUNT],
      logFile: path.join(home, 'log', 'lxcfs.log'),
    });
    if (started) await writeFile(marker(home), JSON.stringify(started));
  }
  const deadline = Date.now() + READY_SECONDS * 1000;
  while (!lxcfsWorks()) {
    if (Date.now() > deadline) throw new Error(`lxcfs did not mount ${MOUNT}.`);
    await delay(50);
  }
}

/** The lxcfs that this install started, where it still runs. */
export async function ownLxcfs(home: string): Promise<ProcessIdentity | null> {
  if (!existsSync(marker(home))) return null;
  const identity: ProcessIdentity = JSON.parse(await readFile(marker(home), 'utf8'));
  return isAlive(identity) ? identify(identity.pid) : null;
}

/** Stops the lxcfs that this install started. Only for destroy: containers that use it would lose their view. */
export async function stopOwnLxcfs(home: string): Promise<void> {
  const own = await ownLxcfs(home);
  if (own) {
    signal(own.pid, 'SIGTERM');
    await waitForExit(own, READY_SECONDS);
    if (isMounted()) await run('umount', ['--lazy', MOUNT], { allow: 'any' });
  }
  await rm(marker(home), { force: true });
}
