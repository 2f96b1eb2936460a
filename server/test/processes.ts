import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { waitFor } from './harness.ts';
import type { Point } from './traps.ts';

/** What the next operation of the team does at a point: wait there for ever, or kill the process. */
export interface ToServer {
  teamId: number;
  point: Point;
  fate: 'park' | 'die';
}

/** The server is listening; a point is armed for a team; or an operation of a team waits at one. */
export type FromServer = { url: string } | { armed: number } | { parked: number };

// DBOS's pool queries while the connection is being set up, of which `pg` warns.
const FLAGS = ['--disable-warning=DeprecationWarning'];

/** Seconds to wait for an operation to reach its point; it is one of a hundred. */
const PATIENCE = 120;

const children = new Set<ChildProcess>();

// A failed test must not leave its servers behind.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export interface ServerProcess {
  url: string;
  child: ChildProcess;
  /** Resolves with the signal that killed it, or null where it exited by itself. */
  ended: Promise<NodeJS.Signals | null>;
  /** Resolves once the point is armed. */
  arm(order: ToServer): Promise<void>;
  /** Resolves once an operation of the team waits at its point. */
  parked(teamId: number): Promise<void>;
}

/** Starts `server-process.ts` and waits until it is listening. Throws when it exits before. */
export async function startServerProcess(env: Record<string, string>): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...FLAGS, path.join(import.meta.dirname, 'server-process.ts')], {
    env: {
      DANUBE_ENGINE: 'sim',
      DANUBE_IMAGES_AHEAD: 'none',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      ...env,
      DANUBE_LISTEN: '127.0.0.1:0',
      DANUBE_LOG_LEVEL: env.DANUBE_LOG_LEVEL ?? 'silent',
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.add(child);
  const ended = once(child, 'exit').then(([, signal]) => {
    children.delete(child);
    return signal as NodeJS.Signals | null;
  });
  const armed = new Set<number>();
  const parked = new Set<number>();
  const url = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: FromServer) => {
      if ('armed' in message) armed.add(message.armed);
      else if ('parked' in message) parked.add(message.parked);
      else resolve(message.url);
    });
    void ended.then((signal) => reject(new Error(`The server ended: ${signal}`)));
  });
  return {
    url,
    child,
    ended,
    async arm(order) {
      child.send(order);
      await waitFor(`"${order.point}" to be armed`, async () => armed.has(order.teamId));
    },
    async parked(teamId) {
      await waitFor('the operation to get to its point', async () => parked.has(teamId), PATIENCE);
    },
  };
}
