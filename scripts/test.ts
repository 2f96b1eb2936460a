/**
 * `npm test`: everything that must hold before a change lands. `--fast` leaves out what needs Incus, root and minutes;
 * names of test files, or parts of them, run those and nothing else.
 *
 * It makes an install of its own, with PostgreSQL and a real Incus daemon, and removes all of it at the end.
 */
import { spawn } from 'node:child_process';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import { templateUrl } from '../server/test/database.ts';
import {
  installTestPackages,
  prepareTestInstall,
  ROOT,
  removeTestInstall,
  startTestIncus,
  startTestPostgres,
  terminal,
} from './test-install.ts';
import { packagesFor } from './test-packages.ts';

/** Tests that talk to the one Incus of the run, one file after the other. */
const REAL = ['server/test/real/*.test.ts'];

/** The usual report, and after it where the time went. */
const REPORTERS = ['spec', './scripts/slowest-files.ts'].flatMap((reporter) => [
  `--test-reporter=${reporter}`,
  '--test-reporter-destination=stdout',
]);

const fast = process.argv.includes('--fast');
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const children = new Set<ReturnType<typeof spawn>>();

class CheckFailed extends Error {}

let failed = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    failed = true;
    for (const child of children) child.kill('SIGTERM');
  });
}

try {
  if (fast) process.env.DANUBE_TEST_FAST = '1';
  await prepareTestInstall(fast ? 'sim' : 'incus');
  const [real, plain] = await testFiles();
  if (wanted.length === 0) {
    await check('formatting and lint', 'node_modules/@biomejs/biome/bin/biome', ['check', '.']);
    await check('types', 'node_modules/typescript/bin/tsc', ['--noEmit']);
  }
  await installTestPackages(fast ? packagesFor(plain, 'sim') : packagesFor([...real, ...plain], 'incus'));
  await startTestPostgres({ durable: false });
  if (wanted.length === 0) {
    await check('generated files', 'scripts/generate.ts', ['--check'], { DATABASE_URL: templateUrl() });
  }
  if (plain.length > 0) {
    await check('tests', '--test', ['--test-concurrency=2', ...REPORTERS, ...plain]);
  }
  if (!fast && real.length > 0) {
    await startTestIncus();
    await check('tests on real instances', '--test', ['--test-concurrency=1', ...REPORTERS, ...real]);
  }
} catch (error) {
  failed = true;
  terminal.line(error instanceof CheckFailed ? `FAILED: ${error.message}` : String((error as Error).stack));
} finally {
  await removeTestInstall();
}
process.exit(failed ? 1 : 0);

/** Runs a command of the checkout on this Node. Throws when it fails. */
async function check(
  what: string,
  script: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  if (failed) throw new CheckFailed('interrupted');
  terminal.line(`\n── ${what}`);
  const target = script.startsWith('-') ? script : path.join(ROOT, script);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', target, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  children.add(child);
  const status = await new Promise((resolve) => child.once('exit', resolve));
  children.delete(child);
  if (status !== 0) throw new CheckFailed(what);
}

/** The files that need the real Incus, and all others. */
async function testFiles(): Promise<[real: string[], plain: string[]]> {
  const list = (patterns: string[]) =>
    Array.fromAsync(glob(patterns, { cwd: ROOT, exclude: ['**/node_modules'] }));
  const real = new Set(await list(REAL));
  const all = (await list(['{server,client,bench,scripts}/**/*.test.ts']))
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort();
  if (all.length === 0) throw new CheckFailed(`no test file is named like ${wanted.join(' or ')}`);
  return [all.filter((file) => real.has(file)), all.filter((file) => !real.has(file))];
}
