import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs `work` while no other process that asks for the same file does. The lock is the kernel's (`flock`), held by a
 * child that ends with our standard input: however this process dies, the lock is free at once.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  const holder = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<never>((_resolve, reject) => {
    holder.once('error', reject);
    holder.once('exit', (code) => reject(new Error(`The lock on ${file} was lost (flock: ${code}).`)));
  });
  // Nobody listens once the work is done and the child is told to end.
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
