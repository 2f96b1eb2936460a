import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { identify, type ProcessIdentity } from './processes.ts';

export interface DaemonOptions {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Standard output and error are appended here. */
  logFile: string;
  as?: { uid: number; gid: number } | null;
}

/**
 * Starts a process that outlives ours: in a session and process group of its own, so that neither Ctrl-C in the terminal
 * nor our death reaches it. Throws where the program does not exist.
 */
export async function startDaemon(options: DaemonOptions): Promise<ProcessIdentity | null> {
  await mkdir(path.dirname(options.logFile), { recursive: true });
  const output = await open(options.logFile, 'a', 0o640);
  try {
    const child = spawn(options.command, options.args, {
      cwd: options.cwd ?? '/',
      env: options.env ?? process.env,
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      ...options.as,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return child.pid === undefined ? null : identify(child.pid);
  } finally {
    await output.close();
  }
}
