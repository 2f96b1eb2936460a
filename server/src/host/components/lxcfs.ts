import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity, signal, waitForExit } from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import type { HostComponent } from '../component.ts';
import { startDaemon } from '../daemon.ts';
import { otherInstalls } from '../host-registry.ts';
import { isSystemd } from '../system.ts';
import { fail, ok, RESTART, type Verdict, warn } from '../verdict.ts';
import { usesLocalIncus } from './incus-connection.ts';
import { containersWithOldView, lxcfsDaemons, lxcfsMounts } from './lxcfs-views.ts';

/**
 * lxcfs shows each instance its own memory and processors, through files that are mounted over those of `/proc` and
 * `/sys`. It runs as root and does not ask who writes to them: its file system must be read-only as a whole. That
 * covers every mount of it, in instances that run already too, and nobody in an instance can undo it. See
 * docs/decisions/0022-lxcfs-is-read-only.md.
 */
export const LXCFS_MOUNT = '/var/lib/lxcfs';

const READY_SECONDS = 20;
const STOP_SECONDS = 5;
/** An honest program that has a file open for writing closes it within this time. */
const BUSY_SECONDS = 2;

/** Whether lxcfs is mounted and answers: without it, containers see the host's memory and processors. */
export function lxcfsWorks(): boolean {
  try {
    return readFileSync(path.join(LXCFS_MOUNT, 'proc', 'uptime'), 'utf8').length > 0;
  } catch {
    return false; // Not mounted, or mounted by a process that died.
  }
}

const topMount = () => lxcfsMounts('self').findLast(({ place }) => place === LXCFS_MOUNT);

/** Whether the file system as a whole is read-only, not just this mount of it. */
export const lxcfsIsReadOnly = (): boolean => topMount()?.readOnly ?? false;

/** What `doctor` asks of lxcfs besides. */
export const oldLxcfs = (): { daemons: ProcessIdentity[]; containers: string[] } => ({
  daemons: lxcfsDaemons(LXCFS_MOUNT).slice(1),
  containers: containersWithOldView(topMount()?.device),
});

/** Remembers that this install started lxcfs, and as which process. */
const marker = (home: string): string => path.join(home, 'lxcfs.json');

// Without the options of the mount as it is: newer versions of mount(8) would send them along, and FUSE refuses them.
const REMOUNT = ['--options-source=disable', '-o', 'remount,ro,nosuid,nodev', LXCFS_MOUNT];

/**
 * Brings lxcfs up where nobody runs it, and makes it read-only whoever does. There is one on a host: ours, another
 * install's, the system's.
 */
export async function ensureLxcfs(home: string, log: (message: string) => void): Promise<void> {
  if (isSystemd()) await ensureDropIn();
  if (!lxcfsWorks()) return replaceLxcfs(home);
  if (!lxcfsIsReadOnly()) {
    if (!(await remountReadOnly())) {
      log('An instance keeps a file of lxcfs open for writing: lxcfs is replaced. Reboot what doctor names');
      return replaceLxcfs(home);
    }
    log('Instances could write to files of this host through lxcfs: it is read-only now');
  }
  // One that was mounted over by hand lives on for the instances that were started with it, and takes their writes.
  const [, ...older] = lxcfsDaemons(LXCFS_MOUNT);
  if (older.length === 0) return;
  log('Instances use an older lxcfs, which is ended. Reboot what doctor names');
  await endDaemons(older);
}

/** False where files of it are open for writing all the time: the kernel refuses then. */
async function remountReadOnly(): Promise<boolean> {
  const deadline = Date.now() + BUSY_SECONDS * 1000;
  for (;;) {
    const { stderr } = await run('mount', REMOUNT, { allow: 'any' });
    if (lxcfsIsReadOnly()) return true;
    if (!/busy/i.test(stderr)) throw new Error(`lxcfs cannot be made read-only: ${stderr.trim()}`);
    if (Date.now() > deadline) return false;
    await delay(50);
  }
}

/** Starts a new one, and ends those before it: instances that use them need a reboot to see their own values again. */
async function replaceLxcfs(home: string): Promise<void> {
  await endDaemons(lxcfsDaemons(LXCFS_MOUNT));
  while (topMount()) await run('umount', ['--lazy', LXCFS_MOUNT]);
  if (isSystemd()) await run('systemctl', ['restart', 'lxcfs.service']);
  else await startOwnLxcfs(home);
  const deadline = Date.now() + READY_SECONDS * 1000;
  while (!lxcfsWorks()) {
    if (Date.now() > deadline) throw new Error(`lxcfs did not mount ${LXCFS_MOUNT}.`);
    await delay(50);
  }
  if (!lxcfsIsReadOnly() && !(await remountReadOnly())) throw new Error('lxcfs cannot be made read-only.');
}

async function startOwnLxcfs(home: string): Promise<void> {
  await mkdir(LXCFS_MOUNT, { recursive: true });
  const started = await startDaemon({
    command: '/usr/bin/lxcfs',
    args: ['-o', 'ro', LXCFS_MOUNT],
    logFile: path.join(home, 'log', 'lxcfs.log'),
  });
  if (started) await writeFile(marker(home), JSON.stringify(started));
}

/** SIGKILL: at every other end, lxcfs takes away what is mounted at its folder, and be it the mount of the next one. */
async function endDaemons(daemons: ProcessIdentity[]): Promise<void> {
  for (const { pid } of daemons) signal(pid, 'SIGKILL');
  for (const identity of daemons) await waitForExit(identity, STOP_SECONDS);
}

const DROP_IN = '/etc/systemd/system/lxcfs.service.d/danube.conf';

/** Where systemd runs lxcfs: read-only before anything that is ordered after it starts, with or without Danube. */
export const DROP_IN_TEXT = `# Written by Danube: instances could write to files of this host otherwise.
[Service]
ExecStartPost=/bin/sh -c 'until mountpoint -q ${LXCFS_MOUNT}; do sleep 0.1; done; exec mount ${REMOUNT.join(' ')}'
`;

async function ensureDropIn(): Promise<void> {
  if (existsSync(DROP_IN) && (await readFile(DROP_IN, 'utf8')) === DROP_IN_TEXT) return;
  await mkdir(path.dirname(DROP_IN), { recursive: true });
  await writeFile(DROP_IN, DROP_IN_TEXT);
  await run('systemctl', ['daemon-reload']);
}

/** Removes what {@link ensureLxcfs} left in the settings of systemd. The lxcfs that runs stays read-only. */
export async function removeDropIn(): Promise<void> {
  if (!existsSync(DROP_IN)) return;
  await rm(DROP_IN);
  if (isSystemd()) await run('systemctl', ['daemon-reload']);
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
    if (topMount()) await run('umount', ['--lazy', LXCFS_MOUNT], { allow: 'any' });
  }
  await rm(marker(home), { force: true });
}

/** Shows each instance its own memory and processors. It is not stopped at Danube's end: instances that run need it. */
export const lxcfs: HostComponent = {
  name: 'lxcfs',
  // Where systemd runs this host, it runs the lxcfs of the package too.
  packages: [{ name: 'lxcfs', proof: '/usr/bin/lxcfs', ...(isSystemd() ? {} : { services: 'lxcfs*' }) }],
  entries: ['lxcfs.json'],
  appliesTo: usesLocalIncus,
  create: ({ config, log }) => ({
    ensure: () => ensureLxcfs(config.home, log),
    isUp: () => lxcfsWorks() && lxcfsIsReadOnly(),
  }),
  checks: [{ name: 'lxcfs', look: async () => checkLxcfs() }],
  async remove({ config, installId }, attempt) {
    // Others on this host may need the one lxcfs there is.
    if ((await otherInstalls(installId)).length > 0) return;
    await attempt('Stopping lxcfs', async () => {
      await stopOwnLxcfs(config.home);
      await removeDropIn();
    });
  },
};

/** Whether instances see their own memory and processors, and cannot write to those of the host. */
export function checkLxcfs(): Verdict {
  if (!lxcfsWorks()) {
    return fail(
      'does not answer: instances see the memory and processors of the host',
      `${RESTART} Then reboot the instances that run.`,
    );
  }
  if (!lxcfsIsReadOnly()) return fail('writable: instances can change files of this host', RESTART);
  const { daemons, containers } = oldLxcfs();
  const names = containers.join(', ');
  if (daemons.length > 0) {
    const numbers = daemons.map(({ pid }) => pid).join(', ');
    return fail(
      `an older one (process ${numbers}) still serves instances, which may change files of this host: ${names}`,
      RESTART,
    );
  }
  return containers.length === 0
    ? ok('mounted, answering and read-only')
    : warn(
        `instances that were started with one that is gone see no processors and memory: ${names}`,
        'Reboot them.',
      );
}
