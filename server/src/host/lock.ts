import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OperatorError } from './operator-error.ts';

/** Allows one `danube start` (or `destroy`) per data directory. */
export interface InstallLock {
  release(): Promise<void>;
}

const socketName = (installId: string): string => `\0danube-install-${installId}`;

const pidFile = (home: string): string => path.join(home, 'danube.pid');

/**
 * Takes a lock; null where somebody has it. It is an abstract unix socket (unix(7)): the kernel frees it when the process
 * dies, so there are no stale locks.
 */
function listenOn(name: string): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('listening', () => resolve(server));
    server.once('error', (cause: NodeJS.ErrnoException) =>
      cause.code === 'EADDRINUSE' ? resolve(null) : reject(cause),
    );
    server.listen(name);
  });
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** Takes the install's lock, or throws an {@link OperatorError} naming the process that holds it. */
export async function takeLock(home: string, installId: string): Promise<InstallLock> {
  const server = await listenOn(socketName(installId));
  if (!server) {
    const pid = existsSync(pidFile(home)) ? readFileSync(pidFile(home), 'utf8').trim() : '';
    throw new OperatorError(
      `Danube already runs on ${home}${pid ? ` (process ${pid})` : ''}.`,
      'Stop that one first, or set DANUBE_HOME to another folder for a second install.',
    );
  }
  return {
    async release() {
      await rm(pidFile(home), { force: true });
      await closed(server);
    },
  };
}

/**
 * What all installs on a host share, so that only one at a time may change it: Debian packages, system users, the choice of
 * ranges of addresses and ports, and lxcfs.
 */
type Shared = 'packages' | 'users' | 'ranges' | 'lxcfs';
const WAIT_MS = 50;

/** Performs `work` while no other install on this host, and nobody else in this process, does such work. */
export async function withHostLock<T>(what: Shared, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const lock = await listenOn(`\0danube-host-${what}`);
    if (!lock) {
      await delay(WAIT_MS);
      continue;
    }
    try {
      return await work();
    } finally {
      await closed(lock);
    }
  }
}

/** Whether a server of the install runs on this host. */
export const isRunning = (installId: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(socketName(installId));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });

/** Writes our process id to a file for messages and scripts; the lock does not depend on it. */
export const writePidFile = (home: string): Promise<void> => writeFile(pidFile(home), `${process.pid}\n`);
