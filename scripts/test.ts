/**
 * `npm test`: everything that must hold before a change lands. `--fast` leaves out what needs Incus, root and minutes.
 *
 * It makes an install of its own below the temporary folder, with PostgreSQL and a real Incus daemon, and removes all
 * of it at the end; leftovers of a run that was killed are removed at the start.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { glob } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { destroy } from '../server/src/cli/destroy.ts';
import { readConfig } from '../server/src/config.ts';
import { installId } from '../server/src/lib/install-id.ts';
import { findIncusd } from '../server/src/platform/incus-daemon.ts';
import { installPackages, missingPackages, type Package } from '../server/src/platform/packages.ts';
import { startPostgres } from '../server/src/platform/postgres.ts';
import { setUp } from '../server/src/platform/setup.ts';
import { createSupervisor } from '../server/src/platform/supervisor.ts';
import { ensureUser, isRoot, systemUserName } from '../server/src/platform/system.ts';
import { createTerminal } from '../server/src/platform/terminal.ts';
import { createTemplate, templateUrl } from '../server/test/database.ts';

const ROOT = path.join(import.meta.dirname, '..');
const fast = process.argv.includes('--fast');

/** Tests that talk to the one Incus of the run, one file after the other. */
const REAL = ['server/src/engines/*.test.ts', 'server/test/real/*.test.ts'];
/** Real clients that tests use, beyond what Danube itself needs. */
const CLIENTS: Package[] = [
  { name: 'openssh-client', proof: '/usr/bin/ssh' },
  { name: 'sshpass', proof: '/usr/bin/sshpass' },
  { name: 'git', proof: '/usr/bin/git' },
];

class CheckFailed extends Error {}

const home = path.join(
  os.tmpdir(),
  `danube-test-${createHash('sha256').update(ROOT).digest('hex').slice(0, 6)}`,
);
const terminal = createTerminal();
const children = new Set<ReturnType<typeof spawn>>();
const stops: (() => Promise<void>)[] = [];
const supervisor = createSupervisor({ log: (message) => terminal.line(message) });

process.env.DANUBE_HOME = home;
process.env.DANUBE_LISTEN = '127.0.0.1:0';
process.env.DANUBE_ENGINE = fast ? 'sim' : 'incus';
if (fast) process.env.DANUBE_TEST_FAST = '1';
for (const name of ['DATABASE_URL', 'INCUS_URL']) delete process.env[name];

let failed = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    failed = true;
    for (const child of children) child.kill('SIGTERM');
  });
}

try {
  await clean();
  await check('formatting and lint', 'node_modules/@biomejs/biome/bin/biome', ['check', '.']);
  await check('types', 'node_modules/typescript/bin/tsc', ['--noEmit']);
  await withDatabase();
  await check('generated files', 'scripts/generate.ts', ['--check'], { DATABASE_URL: templateUrl() });
  const [real, plain] = await testFiles();
  await check('tests', '--test', ['--test-concurrency=2', '--test-reporter=spec', ...plain]);
  if (!fast) {
    await withIncus();
    await check('tests on real instances', '--test', [
      '--test-concurrency=1',
      '--test-reporter=spec',
      ...real,
    ]);
  }
} catch (error) {
  failed = true;
  terminal.line(error instanceof CheckFailed ? `FAILED: ${error.message}` : String((error as Error).stack));
} finally {
  await supervisor.stop();
  await Promise.allSettled(stops.map((stop) => stop()));
  await clean();
}
process.exit(failed ? 1 : 0);

async function clean(): Promise<void> {
  if ((await destroy({ yes: true })) !== 0)
    throw new Error(`Leftovers of a test run in ${home} could not be removed.`);
}

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

/** Starts a PostgreSQL that forgets everything in a crash of the host, which makes it fast. */
async function withDatabase(): Promise<void> {
  const clients = isRoot() ? missingPackages(CLIENTS) : [];
  if (clients.length > 0) {
    await terminal.step(`Installing ${clients.join(', ')}`, (report) =>
      installPackages(home, report, CLIENTS),
    );
  }
  const user = systemUserName(installId(home));
  if (isRoot()) await ensureUser(user);
  await terminal.step('Starting PostgreSQL', async () => {
    const postgres = await startPostgres({
      folder: path.join(home, 'postgres'),
      user,
      durable: false,
      log: (message) => terminal.line(message),
    });
    stops.push(() => postgres.stop());
    process.env.DANUBE_TEST_POSTGRES = postgres.url;
    await createTemplate();
  });
}

/** Starts the Incus daemon of this run, the way a first `danube start` does. */
async function withIncus(): Promise<void> {
  const config = readConfig({ ...process.env, DATABASE_URL: process.env.DANUBE_TEST_POSTGRES });
  const platform = await setUp({
    config,
    terminal,
    supervisor,
    log: (message) => terminal.line(message),
    stops,
  });
  process.env.DANUBE_TEST_INCUS_SOCKET = platform.incusSocket!;
  process.env.DANUBE_TEST_INCUS_POOL = platform.pool;
  process.env.DANUBE_TEST_INCUS_PID = String(findIncusd(home)?.pid ?? '');
  process.env.DANUBE_TEST_INSTALL_ID = platform.install.installId;
  process.env.DANUBE_IPV4_POOL = platform.install.ipv4Pool;
  process.env.DANUBE_IPV6_POOL = platform.install.ipv6Pool;
  process.env.DANUBE_TEST_IMAGES = path.join(home, 'images');
}

/** The files that need the real Incus, and all others. */
async function testFiles(): Promise<[real: string[], plain: string[]]> {
  const list = (patterns: string[]) =>
    Array.fromAsync(glob(patterns, { cwd: ROOT, exclude: ['**/node_modules'] }));
  const real = (await list(REAL)).sort();
  const all = await list(['{server,client,bench,scripts}/**/*.test.ts']);
  return [real, all.filter((file) => !real.includes(file)).sort()];
}
