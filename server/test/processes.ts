import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

// DBOS's pool asks its first question while the connection is being set up, of which `pg` warns.
const FLAGS = ['--disable-warning=DeprecationWarning'];

const children = new Set<ChildProcess>();

// A test that fails must not leave its servers behind.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export interface ServerProcess {
  url: string;
  child: ChildProcess;
  /** Resolves with the signal that ended it, or null where it exited by itself. */
  ended: Promise<NodeJS.Signals | null>;
}

/** Starts `server-process.ts` and waits until it serves. Throws when it ends before, unless it is meant to die. */
export async function startServerProcess(env: Record<string, string>): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...FLAGS, path.join(import.meta.dirname, 'server-process.ts')], {
    env: {
      DANUBE_ENGINE: 'sim',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      ...env,
      DANUBE_LISTEN: '127.0.0.1:0',
      DANUBE_LOG_LEVEL: env.DANUBE_LOG_LEVEL ?? 'silent',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  const ended = once(child, 'exit').then(([, signal]) => {
    children.delete(child);
    return signal as NodeJS.Signals | null;
  });
  const url = await new Promise<string>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout! });
    lines.on('line', (line) => {
      if (line.startsWith('{"url":')) resolve((JSON.parse(line) as { url: string }).url);
    });
    // Work left by the process before may hit the point of death before this one serves.
    void ended.then((signal) =>
      signal === 'SIGKILL' ? resolve('') : reject(new Error(`The server ended: ${signal}`)),
    );
  });
  return { url, child, ended };
}
