import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { installId } from '../../lib/install-id.ts';
import {
  allPids,
  argumentsOf,
  identify,
  isAlive,
  linkOf,
  type ProcessIdentity,
  signal,
  waitForExit,
} from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { rotateLog, startDaemon } from '../daemon.ts';
import { OperatorError } from '../operator-error.ts';
import { defaultsFolder, ensureContainerDefaults, ensureSharedDevices } from './container-defaults.ts';
import { removeDanglingVeths } from './dangling-veths.ts';
import { HOST_INCUS_SOCKET, incusFolder, incusLog, withIncus } from './incus-connection.ts';

const INCUSD = '/usr/libexec/incus/incusd';
const APPARMOR_LOADER = '/usr/libexec/incus/incus-apparmor-load';
/**
 * Each instance needs open files: the limit of Debian's service file, or the highest that this host allows. Signals and
 * messages that wait are counted over all instances, and each has the limit that the daemon had when it started it: with
 * one, an instance that reached it took them from all. Commands that the daemon runs in instances inherit how likely the
 * kernel is to kill them, so it must not be the server's.
 */
const PREPARE = [
  'for n in 1048576 524288 65536; do ulimit -n $n 2>/dev/null && break; done',
  'prlimit --pid $$ --sigpending=unlimited --msgqueue=unlimited 2>/dev/null',
  'echo 0 >/proc/self/oom_score_adj',
  'exec "$0" "$@"',
].join('; ');
const READY_SECONDS = 120;
const STOP_SECONDS = 60;

/** Arguments that distinguish our daemon from another install's, and from its own helpers (`incusd forkstart …`). */
const argumentsFor = (home: string): string[] => ['--group', 'root', '--logfile', incusLog(home)];

/** The install's own daemon; null where it is not running. */
export function findIncusd(home: string): ProcessIdentity | null {
  const wanted = argumentsFor(home).join('\0');
  for (const pid of allPids()) {
    const [program, ...rest] = argumentsOf(pid);
    if (program === INCUSD && rest.join('\0') === wanted) return identify(pid);
  }
  return null;
}

/**
 * Starts the install's own Incus daemon, or takes over the running one. Does not wait for it to answer. If an upgrade
 * replaced its program, the daemon is restarted; instances keep running. `beforeStart` comes right before a new one.
 */
export async function ensureIncusd(
  home: string,
  beforeStart: () => Promise<void> = async () => undefined,
): Promise<ProcessIdentity> {
  const running = findIncusd(home);
  if (running && !linkOf(running.pid, 'exe')?.endsWith(' (deleted)')) return running;
  if (running) await stopIncusd(home);
  const folder = incusFolder(home);
  await mkdir(folder, { recursive: true, mode: 0o711 });
  if (existsSync(APPARMOR_LOADER)) await run(APPARMOR_LOADER, [], { allow: 'any' });
  await removeDanglingVeths(installId(home));
  await ensureContainerDefaults(home);
  await ensureSharedDevices();
  await rotateLog(incusLog(home));
  await beforeStart();
  const started = await startDaemon({
    command: '/bin/sh',
    args: ['-c', PREPARE, INCUSD, ...argumentsFor(home)],
    env: {
      ...proxySettings(),
      PATH: '/usr/libexec/incus:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LANG: 'C.UTF-8',
      INCUS_DIR: folder,
      INCUS_LXC_TEMPLATE_CONFIG: defaultsFolder(home),
    },
    logFile: incusLog(home).replace(/\.log$/, '.out'),
  });
  if (!started) throw new Error(`incusd exited at once. See ${incusLog(home)}.`);
  return started;
}

function proxySettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name)),
  );
}

/**
 * Waits until Incus answers on the socket. Throws {@link OperatorError} where `daemon` exits first, or on a timeout.
 */
export async function waitForIncus(
  socket: string,
  daemon: ProcessIdentity | null,
  logFile: string,
): Promise<void> {
  const deadline = Date.now() + READY_SECONDS * 1000;
  await withIncus({ socketPath: socket }, async (incus) => {
    for (;;) {
      try {
        return await incus.get('/1.0');
      } catch (cause) {
        if ((daemon && !isAlive(daemon)) || Date.now() > deadline) {
          throw new OperatorError('Incus does not answer.', `See ${logFile}.`, { cause });
        }
      }
      await delay(100);
    }
  });
}

/** Stops the daemon; its instances keep running. Succeeds where it is not running. */
export async function stopIncusd(home: string): Promise<void> {
  const running = findIncusd(home);
  if (!running) return;
  signal(running.pid, 'SIGTERM');
  if (await waitForExit(running, STOP_SECONDS)) return;
  signal(running.pid, 'SIGKILL');
  await waitForExit(running, STOP_SECONDS);
}

/** Whether the host's own Incus is in use: it answers, and has a pool or an instance. */
export async function hostIncusInUse(): Promise<boolean> {
  if (!existsSync(HOST_INCUS_SOCKET)) return false;
  try {
    return await withIncus({ socketPath: HOST_INCUS_SOCKET }, async (incus) => {
      if ((await incus.get<string[]>('/1.0/storage-pools')).length > 0) return true;
      return (await incus.get<string[]>('/1.0/instances', { query: { 'all-projects': 'true' } })).length > 0;
    });
  } catch (error) {
    // Connection refused: a daemon that is gone left the socket behind.
    if (error instanceof DataPlaneError && error.code === 'unreachable') return false;
    throw error;
  }
}
