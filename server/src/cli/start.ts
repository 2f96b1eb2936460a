import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { usesLocalIncus } from '../host/components/incus-connection.ts';
import { databaseUrlOf } from '../host/components/postgres-cluster.ts';
import { packagesFor } from '../host/components.ts';
import { ensureDashboard } from '../host/dashboard.ts';
import { ensureSecretKey, poolsOf, readInstall, refuseOtherEngine } from '../host/install.ts';
import { takeLock, writePidFile } from '../host/lock.ts';
import { surviveOutOfMemory } from '../host/out-of-memory.ts';
import { missingPackages } from '../host/packages.ts';
import { preflight } from '../host/preflight.ts';
import { defaultRouteAddress } from '../host/public-address.ts';
import { setUp } from '../host/setup.ts';
import { createSupervisor, type Supervisor } from '../host/supervisor.ts';
import { createTerminal, type Terminal } from '../host/terminal.ts';
import { DEFAULT_IMAGE } from '../images/catalog.ts';
import { installId } from '../lib/install-id.ts';
import { createLog, type Log } from '../lib/log.ts';
import { imageFolder, openDataPlane } from './data-plane.ts';
import { prepareImage } from './default-image.ts';
import { openMetricsStore } from './metrics-store.ts';
import { openObjectStore } from './object-store.ts';
import { listenForStop } from './signals.ts';

/** Time for requests and steps in progress to finish, in seconds. The next start repeats a step that was cut off. */
const DRAIN_SECONDS = 60;

/** `danube start`: serves until it is asked to stop. Resolves to the exit status. */
export async function start(): Promise<number> {
  const stop = listenForStop();
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  const lock = await takeLock(config.home, installId(config.home));
  surviveOutOfMemory();
  const present = await readInstall(config.home);
  const firstStart = present === null;
  if (present) refuseOtherEngine(config, present);
  const remarks = await preflight(config, firstStart);

  const terminal = createTerminal();
  for (const line of remarks) terminal.line(line);
  if (firstStart) for (const line of describeFirstStart(config)) terminal.line(line);
  const supervisor = createSupervisor({ log: (message, level) => log[level](message) });
  let app: App | null = null;
  // Before PostgreSQL and Incus run, because it takes as much memory as they do together.
  const building = config.role === 'worker' ? null : prepareDashboard(terminal);
  try {
    const install = await setUp({
      config,
      terminal,
      supervisor,
      log: (message) => log.info(message),
      onWait: () => void loadApp(),
      onFirstPackages: () => void beginImage(config, log),
      ...(building && { beside: building }),
    });
    const dashboard = await building;
    await writePidFile(config.home);
    const databaseUrl = await databaseUrlOf(config);
    const plane = await openDataPlane(config, install, log, databaseUrl);
    const { startApp } = await loadApp();
    const secretKey = await ensureSecretKey(config);
    const serves = config.role !== 'api';
    const around = { install, plane, databaseUrl, secretKey, serves, log };
    const objects = await openObjectStore(config, around, true);
    app = await startApp({
      config,
      databaseUrl,
      databaseFolder: config.databaseUrl ? null : config.home,
      plane,
      objects,
      metrics: await openMetricsStore(config, install),
      pools: poolsOf(config, install),
      publicAddress: config.publicAddress ?? defaultRouteAddress(),
      secretKey,
      executorId: install.serverId,
      log,
      dashboard,
    });
    announce(terminal, config, app, dashboard !== null);
    // In the background: the API already serves, and a creation waits for its image itself.
    void prepareImage(plane, terminal, log, firstStart);
    const reason = await stop.requested;
    terminal.line(`Stopping (${reason}); instances keep running.`);
  } finally {
    await shutDown({ app, supervisor, log });
    await lock.release();
  }
  return 0;
}

/** Most of the server's code, which takes half a second to load: best while PostgreSQL starts. */
const loadApp = () => import('../app.ts');

/** Builds the dashboard where that has not been done. Null where it fails: the API is of use without it. */
async function prepareDashboard(terminal: Terminal): Promise<string | null> {
  try {
    return await ensureDashboard((build) => terminal.step('Building the dashboard', build));
  } catch (error) {
    terminal.line(`  ${(error as Error).message}`);
    terminal.line('  The API serves without it. Start again once the reason is gone.');
    return null;
  }
}

interface Running {
  app: App | null;
  supervisor: Supervisor;
  log: Log;
}

async function shutDown({ app, supervisor, log }: Running): Promise<void> {
  const drained = app ? app.close().then(() => true) : Promise.resolve(true);
  const late = delay(DRAIN_SECONDS * 1000, false, { ref: false });
  if (!(await Promise.race([drained, late]))) {
    log.warn(`Not everything ended within ${DRAIN_SECONDS} s; the next start continues it`);
  }
  await supervisor.stop();
}

/** What the operator waits for, in the order in which it comes. */
function describeFirstStart(config: Config): string[] {
  const missing = missingPackages(packagesFor(config));
  return [
    `Setting up Danube in ${config.home}`,
    ...(missing.length > 0
      ? [
          `  First ${missing.length} Debian packages with what they need: about a minute, mostly for the mirror.`,
        ]
      : []),
    ...(usesLocalIncus(config)
      ? [
          '  Then a database, Incus and a storage pool: some seconds, after which the API serves.',
          `  The image ${DEFAULT_IMAGE} follows in the background: about a minute. The first VPS waits for it.`,
        ]
      : []),
  ];
}

function announce(terminal: Terminal, config: Config, app: App, hasDashboard: boolean): void {
  const lines = ['', `  Danube serves, ${process.uptime().toFixed(1)} s after its start.`, ''];
  if (config.engine === 'sim') {
    lines.push('  !! SIMULATED: DANUBE_ENGINE=sim. No instance is real; nothing can be logged in to.', '');
  }
  if (app.url) {
    lines.push(
      ...(hasDashboard ? [`  Dashboard    ${app.url}/`] : []),
      `  API          ${app.url}/api/v1`,
      `  API docs     ${app.url}/docs/api`,
      `  Health       ${app.url}/api/v1/health`,
    );
  } else lines.push('  Worker: runs workflows, serves no requests.');
  lines.push(`  Account      ${app.account}`);
  if (app.firstToken && app.firstLink) {
    lines.push(
      `  Password     ${app.firstLink}`,
      '               Set it within three days. Another link: npm run danube -- account link EMAIL',
      `  API token    ${app.firstToken}`,
      '               Shown only this once. Make another: npm run danube -- token create --name NAME --scopes admin',
    );
  }
  lines.push('', '  Ctrl-C stops Danube; instances keep running.', '');
  for (const line of lines) terminal.line(line);
}

/**
 * Builds the default image while other packages are being installed. `prepareImage` waits for it, and builds it itself where
 * this fails.
 */
async function beginImage(config: Config, log: Log): Promise<void> {
  if (!usesLocalIncus(config)) return;
  try {
    const [{ buildImage }, { RECIPES }, { hostMirror }] = await Promise.all([
      import('../images/builder.ts'),
      import('../images/recipes.ts'),
      import('../lib/debian-mirror.ts'),
    ]);
    const recipe = RECIPES.get(DEFAULT_IMAGE);
    if (recipe) await buildImage({ recipe, cacheDir: imageFolder(config), mirror: await hostMirror() });
  } catch (error) {
    log.info({ err: error }, `The image ${DEFAULT_IMAGE} could not be built beside the packages`);
  }
}
