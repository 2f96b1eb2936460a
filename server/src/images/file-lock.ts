import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs `work` while holding a lock on the file that excludes other processes. The kernel's lock (`flock`) is held by a
 * child process that ends with our standard input, so it is released at once however this process ends.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  const holder = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<never>((_resolve, reject) => {
    holder.once('error', reject);
    holder.once('exit', (code) => reject(new Error(`The lock on ${file} was lost (flock: ${code}).`)));
  });
  // Once the work is done, the child is told to exit, and no one awaits this promise.
  ended.catch(() => undefined);
  const waiting = onWait ? setTimeout(onWait, 500) : undefined;
  try {
    await Promise.race([once(holder.stdout, 'data'), ended]);
    clearTimeout(waiting);
    return await work();
  } finally {
    clearTimeout(waiting);
    holder.stdin.end();
  }
}
