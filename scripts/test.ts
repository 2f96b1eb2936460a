/**
 * `npm test`: everything that must hold before a change lands. `--fast` leaves out what needs Incus, root and minutes,
 * `--exhaustive` runs all of what is sampled otherwise. Names of test files, or parts of them, run those and nothing else.
 *
 * It makes an install of its own, with PostgreSQL and a real Incus daemon, and removes all of it at the end.
 */
import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { endReport, type Outcome } from './end-report.ts';
import { recipeToRenew } from './test-images.ts';
import {
  installTestPackages,
  prepareTestInstall,
  ROOT,
  removeTestInstall,
  startTestIncus,
  startTestPostgres,
  takeTestImages,
  terminal,
} from './test-install.ts';
import { longestFirst } from './test-order.ts';
import { packagesFor } from './test-packages.ts';

/** Tests on the one Incus of the run, several files at a time. */
const QUIET = 'server/test/real/quiet/';
/** Tests that others on that Incus would feel, because they kill it: one file at a time. */
const DISRUPTIVE = 'server/test/real/disruptive/';
/** Tests that all others on the machine would feel: one file at a time, and nothing beside it. */
const ALONE = 'server/test/real/alone/';

/** More files at a time than processors, because they wait as well: for a poll, a retry. */
const AT_ONCE = 3;
/** Fewer on real instances, whose engines need the processors: with three, some do not answer for minutes. */
const REAL_AT_ONCE = 2;

const fast = process.argv.includes('--fast');
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const children = new Set<ReturnType<typeof spawn>>();

/** The seed of all random choices of the run, by which a failed run can be repeated. */
process.env.DANUBE_TEST_SEED ??= String(Date.now() % 1_000_000);

class CheckFailed extends Error {}

/** By name of the group, in the order of execution. */
const outcomes = new Map<string, Outcome>();
let failed = false;
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true;
    for (const child of children) child.kill('SIGTERM');
  });
}

try {
  if (fast) process.env.DANUBE_TEST_FAST = '1';
  if (process.argv.includes('--exhaustive')) process.env.DANUBE_TEST_EXHAUSTIVE = '1';
  terminal.line(`Seed ${process.env.DANUBE_TEST_SEED}: set DANUBE_TEST_SEED to repeat what this run chooses`);
  await prepareTestInstall(fast ? 'sim' : 'incus');
  const files = await testFiles();
  const inFolder = (folder: string) => (fast ? [] : files.filter((file) => file.startsWith(folder)));
  const [quiet, disruptive, alone] = [QUIET, DISRUPTIVE, ALONE].map(inFolder) as [
    string[],
    string[],
    string[],
  ];
  const real = [...quiet, ...disruptive, ...alone];
  const plain = files.filter((file) => ![QUIET, DISRUPTIVE, ALONE].some((folder) => file.startsWith(folder)));
  if (wanted.length === 0) {
    await check('formatting and lint', 'node_modules/@biomejs/biome/bin/biome', ['check', '.']);
    await check('types', 'node_modules/typescript/bin/tsc', ['--noEmit']);
    await check('types of the dashboard', 'node_modules/typescript/bin/tsc', ['--noEmit', '-p', 'dashboard']);
  }
  await installTestPackages(packagesFor([...plain, ...real], fast ? 'sim' : 'incus'));
  const images = real.length > 0 ? await startImages() : null;
  await startTestPostgres({ durable: false });
  if (real.length > 0) await startTestIncus();
  // The tests that kill Incus mostly wait for it, and the others beside them do not use it.
  await Promise.all([
    checkFiles('tests', plain, { atOnce: AT_ONCE }),
    checkFiles('tests that others on Incus would feel', disruptive, {
      atOnce: 1,
      printLater: plain.length > 0,
    }),
  ]);
  await checkFiles('tests on real instances', quiet, { atOnce: REAL_AT_ONCE });
  await checkFiles('tests that all others would feel', alone, { atOnce: 1 });
  await images?.done;
} catch (error) {
  failed = true;
  terminal.line(error instanceof CheckFailed ? `FAILED: ${error.message}` : String((error as Error).stack));
} finally {
  await Promise.all([...children].map(end));
  await removeTestInstall();
}
if (outcomes.size > 0) terminal.line(`\n── The end\n${endReport(outcomes).join('\n')}`);
process.exit(failed || interrupted ? 1 : 0);

async function end(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/**
 * Copies the stored images. A full run rebuilds one of them, so that a broken recipe is noticed, and starts to build
 * all missing ones at once. Other runs build images when tests need them.
 */
async function startImages(): Promise<{ done: Promise<void> }> {
  const renewed = wanted.length === 0 ? recipeToRenew(Number(process.env.DANUBE_TEST_SEED)) : null;
  const folder = await takeTestImages(renewed);
  if (!renewed) return { done: Promise.resolve() };
  terminal.line(`  Building the image ${renewed.id} anew, and all that are missing`);
  const done = runScript('images', 'scripts/build-images.ts', [folder]);
  // The promise is awaited at the end; this avoids an unhandled rejection until then.
  done.catch(() => undefined);
  return { done };
}

/** Runs a command of the checkout with this Node, under a headline. Throws when it fails. */
async function check(what: string, script: string, args: string[]): Promise<void> {
  if (interrupted) throw new CheckFailed('interrupted');
  terminal.line(`\n── ${what}`);
  await runScript(what, script, args);
}

/** The same, but what it prints is shown when it has ended, because something else prints meanwhile. */
async function checkApart(what: string, script: string, args: string[]): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-output-'));
  const output = await open(path.join(folder, 'output'), 'w+');
  try {
    await runScript(what, script, args, output.fd);
  } finally {
    terminal.line(`\n── ${what}\n${await readFile(path.join(folder, 'output'), 'utf8')}`);
    await output.close();
    await rm(folder, { recursive: true });
  }
}

async function runScript(
  what: string,
  script: string,
  args: string[],
  output: 'inherit' | number = 'inherit',
): Promise<void> {
  const node = ['--disable-warning=ExperimentalWarning', path.join(ROOT, script), ...args];
  const stdio: StdioOptions = ['ignore', output, output, 'ipc'];
  const child = spawn(process.execPath, node, { cwd: ROOT, stdio });
  children.add(child);
  // Only `run-files.ts` sends something.
  child.once('message', (outcome: Outcome) => outcomes.set(what, outcome));
  const status = await new Promise((resolve) => child.once('exit', resolve));
  children.delete(child);
  if (status !== 0) throw new CheckFailed(what);
}

/** Runs all files even if one fails; the final report lists all failures. */
async function checkFiles(
  what: string,
  files: string[],
  { atOnce, printLater = false }: { atOnce: number; printLater?: boolean },
): Promise<void> {
  if (files.length === 0) return;
  try {
    const args = [String(atOnce), ...longestFirst(files)];
    await (printLater ? checkApart : check)(what, 'scripts/run-files.ts', args);
  } catch (error) {
    if (interrupted || !(error instanceof CheckFailed)) throw error;
    failed = true;
    terminal.line(`FAILED: ${what}`);
  }
}

/** The test files selected on the command line. */
async function testFiles(): Promise<string[]> {
  const pattern = '{server,client,dashboard,bench,scripts}/**/*.test.ts';
  const all = await Array.fromAsync(glob(pattern, { cwd: ROOT, exclude: ['**/node_modules'] }));
  const asked = all.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
  if (asked.length === 0) throw new CheckFailed(`no test file is named like ${wanted.join(' or ')}`);
  return asked.sort();
}
