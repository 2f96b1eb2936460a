import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { destroy } from '../server/src/cli/destroy.ts';
import { readConfig } from '../server/src/config.ts';
import { incusSocket } from '../server/src/host/components/incus-connection.ts';
import { postgres as postgresComponent } from '../server/src/host/components/postgres.ts';
import { type RunningPostgres, startPostgres } from '../server/src/host/components/postgres-server.ts';
import { poolFor } from '../server/src/host/install.ts';
import { takeLock } from '../server/src/host/lock.ts';
import { installPackages, missingPackages, type Package } from '../server/src/host/packages.ts';
import { setUp } from '../server/src/host/setup.ts';
import { createSupervisor } from '../server/src/host/supervisor.ts';
import { ensureUser, systemUserName } from '../server/src/host/system.ts';
import { createTerminal } from '../server/src/host/terminal.ts';
import type { Recipe } from '../server/src/images/recipe.ts';
import { installId } from '../server/src/lib/install-id.ts';
import { isRoot } from '../server/src/lib/processes.ts';
import { serveBootSlots } from '../server/test/boot-slots.ts';
import { createTemplate } from '../server/test/database.ts';
import { keepImages, takeImages } from './test-images.ts';

/** The checkout. */
export const ROOT = path.join(import.meta.dirname, '..');

export const terminal = createTerminal();
// Short waits, because tests kill daemons repeatedly.
const supervisor = createSupervisor({ log: (message) => terminal.line(message), maxBackoffMs: 500 });
let postgres: RunningPostgres | null = null;
/** Whether the install is this process's own: another run of the checkout may be using it. */
let isOurs = false;

/** The install's folder, the same for every run of a checkout, so that leftovers of a killed run are found. */
const home = path.join(
  os.tmpdir(),
  `danube-test-${createHash('sha256').update(ROOT).digest('hex').slice(0, 6)}`,
);

/** The images of the run. Finished ones are stored for later runs, however this run ends. */
const images = path.join(home, 'images');

/**
 * Points this process and its children at the install for tests and benchmarks, and removes what an earlier run left of
 * it.
 */
export async function prepareTestInstall(engine: 'sim' | 'incus'): Promise<void> {
  process.env.DANUBE_LISTEN = '127.0.0.1:0';
  process.env.DANUBE_ENGINE = engine;
  process.env.DANUBE_IMAGES_AHEAD = 'none';
  for (const name of ['DATABASE_URL', 'INCUS_URL']) delete process.env[name];
  // Held until this process ends. The folder belongs to the checkout, so another run would remove it.
  await takeLock(home, `test-${installId(home)}`);
  isOurs = true;
  await clean();
}

/** Stops and removes the whole install, unless it belongs to another run. */
export async function removeTestInstall(): Promise<void> {
  if (!isOurs) return;
  try {
    await supervisor.stop();
    await postgres?.stop();
  } finally {
    await clean();
  }
}

async function clean(): Promise<void> {
  try {
    if (existsSync(images)) await keepImages(images);
  } finally {
    await removeInstall();
  }
}

async function removeInstall(): Promise<void> {
  // Set here, so that an operator's install can never be removed, whatever failed before.
  process.env.DANUBE_HOME = home;
  if ((await destroy({ yes: true })) !== 0) throw new Error(`Leftovers in ${home} could not be removed.`);
}

/** Installs missing Debian packages, where that is allowed. */
export async function installTestPackages(packages: readonly Package[]): Promise<void> {
  const missing = isRoot() ? missingPackages(packages) : [];
  if (missing.length === 0) return;
  await terminal.step(`Installing ${missing.join(', ')}`, (report) =>
    installPackages(home, report, packages),
  );
}

/** Copies the stored images, except that of `except`. Returns the folder in which others are to be built. */
export async function takeTestImages(except: Recipe | null = null): Promise<string> {
  await takeImages(images, except);
  return images;
}

/**
 * Starts a PostgreSQL with the migrated template database. `durable: false` is faster, and loses data in a crash of the
 * host.
 */
export async function startTestPostgres(options: { durable: boolean }): Promise<void> {
  await installTestPackages(postgresComponent.packages?.(readConfig({ DANUBE_HOME: home })) ?? []);
  const user = systemUserName(installId(home));
  if (isRoot()) await ensureUser(user);
  await terminal.step('Starting PostgreSQL', async () => {
    postgres = await startPostgres({
      folder: path.join(home, 'postgres'),
      user,
      durable: options.durable,
      log: (message) => terminal.line(message),
    });
    process.env.DANUBE_TEST_POSTGRES = postgres.url;
    await createTemplate();
  });
}

/** Starts the Incus daemon of this run like a first `danube start`, and passes its address to the tests. */
export async function startTestIncus(): Promise<void> {
  const config = readConfig({ ...process.env, DATABASE_URL: process.env.DANUBE_TEST_POSTGRES });
  const log = (message: string) => terminal.line(message);
  const install = await setUp({ config, terminal, supervisor, log, ownIncus: true });
  // Shared boot slots, because several test files run at a time, in separate processes.
  const slots = `danube-boot-slots-${install.installId}`;
  await serveBootSlots(slots, os.availableParallelism() + 1);
  process.env.DANUBE_TEST_BOOT_SLOTS = slots;
  process.env.DANUBE_TEST_INCUS_SOCKET = incusSocket(home);
  process.env.DANUBE_TEST_INCUS_POOL = poolFor(config, install.installId);
  process.env.DANUBE_TEST_INSTALL_ID = install.installId;
  process.env.DANUBE_IPV4_POOL = install.ipv4Pool;
  process.env.DANUBE_IPV6_POOL = install.ipv6Pool;
  process.env.DANUBE_TEST_IMAGES = images;
}
