import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  argumentsOf,
  identify,
  isAlive,
  type ProcessIdentity,
  signal,
  waitForExit,
} from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { readStateFile, writeStateFile } from '../../lib/state-file.ts';
import type { HostComponent } from '../component.ts';
import { startDaemon } from '../daemon.ts';
import { otherInstalls } from '../host-registry.ts';
import { withHostLock } from '../lock.ts';
import { isSystemd } from '../system.ts';
import { fail, ok, RESTART, type Verdict, warn } from '../verdict.ts';
import { usesLocalIncus } from './incus-connection.ts';
import { containersWithOldView, lxcfsDaemons, lxcfsMounts } from './lxcfs-views.ts';

/**
 * lxcfs shows each instance its own memory, processors and load, through files mounted over those of `/proc` and `/sys`. It
 * runs as root and does not check who writes to them, so the whole file system must be read-only. That also covers
 * mounts in running instances, and nobody in an instance can undo it. See docs/decisions/0022-lxcfs-is-read-only.md.
 */
export const LXCFS_MOUNT = '/var/lib/lxcfs';

const READY_SECONDS = 20;
const STOP_SECONDS = 5;
/** Seconds within which a regular program that has a file open for writing closes it. */
const BUSY_SECONDS = 2;

/** Whether lxcfs is mounted and answers: without it, containers see the host's memory and processors. */
export function lxcfsWorks(): boolean {
  try {
    return readFileSync(path.join(LXCFS_MOUNT, 'proc', 'uptime'), 'utf8').length > 0;
  } catch {
    return false; // Not mounted, or mounted by a process that has died.
  }
}

const topMount = () => lxcfsMounts('self').findLast(({ place }) => place === LXCFS_MOUNT);

/** Whether the file system as a whole is read-only, not just this mount of it. */
export const lxcfsIsReadOnly = (): boolean => topMount()?.readOnly ?? false;

/** Older lxcfs processes, and the containers that still use them, for `doctor`. */
export const oldLxcfs = (): { daemons: ProcessIdentity[]; containers: string[] } => ({
  daemons: lxcfsDaemons(LXCFS_MOUNT).slice(1),
  containers: containersWithOldView(topMount()?.device),
});

/** Has lxcfs count the processes of each instance: otherwise its load average and their number are the host's. */
const OWN_LOAD = '--enable-loadavg';

/** Whether instances see their own load. An lxcfs that runs without it is kept, as instances use it. */
const showsOwnLoad = (): boolean => {
  const [daemon] = lxcfsDaemons(LXCFS_MOUNT);
  return daemon === undefined || argumentsOf(daemon.pid).some((option) => [OWN_LOAD, '-l'].includes(option));
};

/** File that records which lxcfs process this install started. */
const marker = (home: string): string => path.join(home, 'lxcfs.json');

// Without `--options-source=disable`, newer versions of mount(8) send the present options too, which FUSE rejects.
const REMOUNT = ['--options-source=disable', '-o', 'remount,ro,nosuid,nodev', LXCFS_MOUNT];

/**
 * Starts lxcfs where it is not running, and makes it read-only. A host has only one: ours, another install's, or the
 * system's. So one install at a time looks: two that find none would end each other's.
 */
export const ensureLxcfs = (home: string, log: (message: string) => void): Promise<void> =>
  withHostLock('lxcfs', () => ensureTheOne(home, log));

async function ensureTheOne(home: string, log: (message: string) => void): Promise<void> {
  if (isSystemd()) await ensureDropIn();
  if (!lxcfsWorks()) return replaceLxcfs(home);
  if (!lxcfsIsReadOnly()) {
    if (!(await remountReadOnly())) {
      log(
        'An instance keeps a file of lxcfs open for writing: replacing lxcfs. Reboot the instances that doctor names',
      );
      return replaceLxcfs(home);
    }
    log('Instances could write to files of this host through lxcfs: it is now read-only');
  }
  // An lxcfs that another was mounted over lives on for instances started with it, and accepts their writes.
  const [, ...older] = lxcfsDaemons(LXCFS_MOUNT);
  if (older.length === 0) return;
  log('Ending an older lxcfs that instances use. Reboot the instances that doctor names');
  await endDaemons(older);
}

/** False while files of it are open for writing: the kernel then refuses. */
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

/** Starts a new lxcfs and ends the earlier ones. Instances that use those see their own values again after a reboot. */
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
    args: [OWN_LOAD, '-o', 'ro', LXCFS_MOUNT],
    logFile: path.join(home, 'log', 'lxcfs.log'),
  });
  if (started) await writeStateFile(marker(home), JSON.stringify(started));
}

/** SIGKILL: on any other signal, lxcfs unmounts its folder, even if that is now the mount of its successor. */
async function endDaemons(daemons: ProcessIdentity[]): Promise<void> {
  for (const { pid } of daemons) signal(pid, 'SIGKILL');
  for (const identity of daemons) await waitForExit(identity, STOP_SECONDS);
}

const DROP_IN = '/etc/systemd/system/lxcfs.service.d/danube.conf';

/**
 * Drop-in for systemd's lxcfs service: makes it read-only before anything that is ordered after it, also without
 * Danube, and has it show each instance its own load.
 */
export const DROP_IN_TEXT = `# Written by Danube: instances could write to files of this host otherwise, and see its load.
[Service]
ExecStart=
ExecStart=/usr/bin/lxcfs ${OWN_LOAD} ${LXCFS_MOUNT}
ExecStartPost=/bin/sh -c 'until mountpoint -q ${LXCFS_MOUNT}; do sleep 0.1; done; exec mount ${REMOUNT.join(' ')}'
`;

async function ensureDropIn(): Promise<void> {
  if (existsSync(DROP_IN) && (await readFile(DROP_IN, 'utf8')) === DROP_IN_TEXT) return;
  await mkdir(path.dirname(DROP_IN), { recursive: true });
  await writeFile(DROP_IN, DROP_IN_TEXT);
  await run('systemctl', ['daemon-reload']);
}

/** Removes the systemd drop-in that {@link ensureLxcfs} wrote. A running lxcfs stays read-only. */
export async function removeDropIn(): Promise<void> {
  if (!existsSync(DROP_IN)) return;
  await rm(DROP_IN);
  if (isSystemd()) await run('systemctl', ['daemon-reload']);
}

/** The lxcfs that this install started, if it is still running. Where its file is damaged, it counts as another's. */
export async function ownLxcfs(home: string): Promise<ProcessIdentity | null> {
  const identity = await readStateFile<ProcessIdentity>(marker(home), () => null);
  return identity && isAlive(identity) ? identify(identity.pid) : null;
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

/** Shows each instance its own memory and processors. Not stopped with Danube, because running instances need it. */
export const lxcfs: HostComponent = {
  name: 'lxcfs',
  // Where systemd runs the host, it also runs the package's lxcfs.
  packages: () => [
    { name: 'lxcfs', proof: '/usr/bin/lxcfs', ...(isSystemd() ? {} : { services: 'lxcfs*' }) },
  ],
  entries: ['lxcfs.json'],
  appliesTo: usesLocalIncus,
  create: ({ config, log }) => ({
    ensure: () => ensureLxcfs(config.home, log),
    isUp: () => lxcfsWorks() && lxcfsIsReadOnly(),
  }),
  checks: [{ name: 'lxcfs', look: async () => checkLxcfs() }],
  async remove({ config, installId }, attempt) {
    // Other installs on this host may need the only lxcfs, also one that looks for it right now.
    await withHostLock('lxcfs', async () => {
      if ((await otherInstalls(installId)).length > 0) return;
      await attempt('Stopping lxcfs', async () => {
        await stopOwnLxcfs(config.home);
        await removeDropIn();
      });
    });
  },
};

/** Checks that instances see their own memory and processors, and cannot write to the host's. */
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
      `an older one (process ${numbers}) still serves instances, which may be able to change files of this host: ${names}`,
      RESTART,
    );
  }
  if (containers.length > 0) {
    return warn(
      `these instances were started with an lxcfs that is gone, and see no processors and memory: ${names}`,
      'Reboot them.',
    );
  }
  return showsOwnLoad()
    ? ok('mounted, answering and read-only')
    : warn(
        'mounted, answering and read-only, but was started without load averages: instances see that of the host',
        'Reboot the host when it suits you.',
      );
}
