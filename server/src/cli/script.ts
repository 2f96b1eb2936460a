import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { OperatorError } from '../host/operator-error.ts';

/** The root folder of this checkout. */
export const checkout = path.resolve(import.meta.dirname, '..', '..', '..');

/** Runs a script of the checkout with this Node and the same terminal, and resolves to its exit status. */
export async function runScript(name: string, args: string[]): Promise<number> {
  const file = path.join(checkout, name);
  if (!existsSync(file)) {
    throw new OperatorError(`${file} is missing.`, 'Get a complete checkout of the repository.');
  }
  const child = spawn(process.execPath, [...process.execArgv, file, ...args], {
    cwd: checkout,
    stdio: 'inherit',
  });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? (signal ? 130 : 1)));
  });
}
