import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { identify, type ProcessIdentity } from '../lib/processes.ts';

export interface DaemonOptions {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** File that standard output and error are appended to. */
  logFile: string;
  as?: { uid: number; gid: number } | null;
}

/**
 * Starts a process that outlives this one. It gets its own session and process group, so neither Ctrl-C in the terminal
 * nor our exit ends it. Throws where the program does not exist.
 */
export async function startDaemon(options: DaemonOptions): Promise<ProcessIdentity | null> {
  await mkdir(path.dirname(options.logFile), { recursive: true });
  await rotateLog(options.logFile);
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

const LOG_LIMIT_BYTES = 20_000_000;

/** Renames a large log to `FILE.1`, replacing an earlier one. Call it before the daemon starts. */
export async function rotateLog(file: string): Promise<void> {
  if (existsSync(file) && (await stat(file)).size > LOG_LIMIT_BYTES) await rename(file, `${file}.1`);
}
