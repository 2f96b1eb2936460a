import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { OperatorError } from './operator-error.ts';

/** Allows one `danube start` (or `destroy`) per data directory. */
export interface InstallLock {
  release(): Promise<void>;
}

const socketName = (installId: string): string => `\0danube-install-${installId}`;

const pidFile = (home: string): string => path.join(home, 'danube.pid');

/**
 * Takes the install's lock, or throws an {@link OperatorError} naming the process that holds it. The lock is an
 * abstract unix socket (unix(7)): the kernel frees it when the process dies, so there are no stale locks.
 */
export async function takeLock(home: string, installId: string): Promise<InstallLock> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') return reject(cause);
      const pid = existsSync(pidFile(home)) ? readFileSync(pidFile(home), 'utf8').trim() : '';
      reject(
        new OperatorError(
          `Danube already runs on ${home}${pid ? ` (process ${pid})` : ''}.`,
          'Stop that one first, or set DANUBE_HOME to another folder for a second install.',
        ),
      );
    });
    server.listen(socketName(installId));
  });
  return {
    async release() {
      await rm(pidFile(home), { force: true });
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
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
