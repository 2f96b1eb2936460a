import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../config.ts';
import {
  allPids,
  argumentsOf,
  identify,
  isAlive,
  isRoot,
  linkOf,
  type ProcessIdentity,
  signal,
  waitForExit,
} from '../../lib/processes.ts';
import { readStateFile, writeStateFile } from '../../lib/state-file.ts';
import { connectionOf, LOCAL_USER, type LocalStore, readConnection } from '../../metrics/victoria/client.ts';
import { createVictoriaStore } from '../../metrics/victoria/store.ts';
import type { HostComponent, HostContext } from '../component.ts';
import { startDaemon } from '../daemon.ts';
import { OperatorError } from '../operator-error.ts';
import { ensureUser, type SystemUser, systemUserName } from '../system.ts';
import { fail, ok, RESTART, type Verdict } from '../verdict.ts';

const PROGRAM = '/usr/bin/victoria-metrics';
const READY_SECONDS = 60;
const STOP_SECONDS = 60;
/** Bounds of what its caches may take, in bytes; between them, a twentieth of the host's memory. */
const LEAST_CACHE = 64 * 1024 ** 2;
const MOST_CACHE = 1024 ** 3;

const folderOf = (home: string): string => path.join(home, 'metrics');
const dataOf = (home: string): string => path.join(folderOf(home), 'data');
const logOf = (home: string): string => path.join(home, 'log', 'victoria-metrics.log');
/** Where it listens, and its password: for the server, and for the next start. */
export const connectionFile = (home: string): string => path.join(folderOf(home), 'connection.json');

/** The store of metrics on this host, unless METRICS_URL names one elsewhere. */
export const victoriaMetrics: HostComponent = {
  name: 'VictoriaMetrics',
  packages: () =>
    isRoot() && existsSync('/usr/bin/apt-get')
      ? [
          {
            name: 'victoria-metrics',
            proof: PROGRAM,
            services: 'victoria-metrics*',
            units: ['victoria-metrics.service'],
          },
        ]
      : [],
  entries: ['metrics'],
  appliesTo: ({ engine, metrics }) => engine === 'incus' && metrics.url === null,
  create({ config, installId, log }) {
    let daemon: ProcessIdentity | null = null;
    return {
      // Everything but its figures works without it.
      background: true,
      async ensure() {
        const owner = isRoot() ? await ensureUser(systemUserName(installId)) : null;
        daemon = await ensureVictoria(config, owner, log);
      },
      isUp: () => daemon !== null && isAlive(daemon),
      stop: () => stopVictoria(config.home),
    };
  },
  checks: [{ name: 'metrics', elsewhere: true, look: check }],
  contents: async ({ config }) => (existsSync(dataOf(config.home)) ? ['the metrics of all instances'] : []),
  async remove({ config }, attempt) {
    await attempt('Stopping VictoriaMetrics', () => stopVictoria(config.home));
  },
  async remains({ config }) {
    const daemon = findVictoria(config.home);
    return daemon ? [`VictoriaMetrics (process ${daemon.pid})`] : [];
  },
};

/** Starts it, or takes over one that runs as it would be started now. */
async function ensureVictoria(
  config: Config,
  owner: SystemUser | null,
  log: (message: string) => void,
): Promise<ProcessIdentity> {
  const { home } = config;
  const running = findVictoria(home);
  const store = await readLocalStore(home);
  if (running && store && isCurrent(running, argumentsFor(config, store))) {
    await waitUntilReady(home, running);
    return running;
  }
  if (running) {
    log('VictoriaMetrics has other settings now, or was updated: restarting it');
    await stopVictoria(home);
  }
  return launch(config, await chooseStore(home, store), owner);
}

/** By its arguments: whoever started it. */
function findVictoria(home: string): ProcessIdentity | null {
  const folder = `-storageDataPath=${dataOf(home)}`;
  const pid = allPids().find((candidate) => {
    const [program = '', ...args] = argumentsOf(candidate);
    return path.basename(program) === path.basename(PROGRAM) && args.includes(folder);
  });
  return pid === undefined ? null : identify(pid);
}

/** The program of an updated package has another file, whose predecessor is deleted. */
const isCurrent = ({ pid }: ProcessIdentity, args: readonly string[]): boolean =>
  linkOf(pid, 'exe') === PROGRAM && argumentsOf(pid).slice(1).join('\n') === args.join('\n');

const argumentsFor = ({ home, metrics }: Config, { port }: LocalStore): string[] => [
  // It cannot listen on a unix socket.
  `-httpListenAddr=127.0.0.1:${port}`,
  `-storageDataPath=${dataOf(home)}`,
  // Without a unit, it would be months.
  `-retentionPeriod=${metrics.days}d`,
  // Without it, what was stored in the last 30 seconds is not found.
  '-search.latencyOffset=1s',
  `-memory.allowedBytes=${Math.round(Math.min(Math.max(os.totalmem() / 20, LEAST_CACHE), MOST_CACHE))}`,
  '-search.maxSeries=1000000',
  '-loggerLevel=WARN',
  '-envflag.enable',
  `-httpAuth.username=${LOCAL_USER}`,
];

async function launch(config: Config, store: LocalStore, owner: SystemUser | null): Promise<ProcessIdentity> {
  const { home } = config;
  await mkdir(dataOf(home), { recursive: true, mode: 0o700 });
  if (owner) await chown(dataOf(home), owner.uid, owner.gid);
  const daemon = await startDaemon({
    command: PROGRAM,
    args: argumentsFor(config, store),
    // The password is not among the arguments, which everybody on the host can see.
    env: { httpAuth_password: store.password, TZ: 'UTC' },
    logFile: logOf(home),
    as: owner,
  });
  if (!daemon) throw await startFailure(home);
  await waitUntilReady(home, daemon);
  return daemon;
}

const readLocalStore = (home: string): Promise<LocalStore | null> =>
  readStateFile<LocalStore>(connectionFile(home), () => null);

/** The port and the password of the last start; another port where somebody else has it now. */
async function chooseStore(home: string, before: LocalStore | null): Promise<LocalStore> {
  if (before && (await freePort(before.port)) !== null) return before;
  const port = await freePort(0);
  if (port === null) throw new Error('There is no free port on the loopback interface.');
  const store = { port, password: before?.password ?? randomBytes(24).toString('base64url') };
  await mkdir(folderOf(home), { recursive: true, mode: 0o711 });
  await writeStateFile(connectionFile(home), `${JSON.stringify(store)}\n`, 0o600);
  return store;
}

/** The port if it is free, any free one for 0; null where it is taken. */
const freePort = (wanted: number): Promise<number | null> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen(wanted, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

const storeOf = (home: string, installId = '') =>
  createVictoriaStore({ connect: () => readConnection(connectionFile(home)), installId });

async function waitUntilReady(home: string, daemon: ProcessIdentity): Promise<void> {
  const store = storeOf(home);
  const deadline = Date.now() + READY_SECONDS * 1000;
  while (!(await store.isReady())) {
    if (!isAlive(daemon)) throw await startFailure(home);
    if (Date.now() > deadline) {
      throw new OperatorError(
        `VictoriaMetrics did not answer within ${READY_SECONDS} s.`,
        `Look into ${logOf(home)}.`,
      );
    }
    await delay(50);
  }
}

async function startFailure(home: string): Promise<OperatorError> {
  const tail = (await readFile(logOf(home), 'utf8')).trim().split('\n').slice(-3).join('\n  ');
  return new OperatorError(
    `VictoriaMetrics did not start. It said:\n  ${tail}`,
    `The whole log: ${logOf(home)}.`,
  );
}

/** SIGTERM has it write what it holds in memory. */
async function stopVictoria(home: string): Promise<void> {
  const daemon = findVictoria(home);
  if (!daemon) return;
  signal(daemon.pid, 'SIGTERM');
  if (await waitForExit(daemon, STOP_SECONDS)) return;
  signal(daemon.pid, 'SIGKILL');
  await waitForExit(daemon, STOP_SECONDS);
}

async function check({ config, installId }: HostContext): Promise<Verdict | null> {
  const { url, days } = config.metrics;
  if (url !== null) {
    const connection = connectionOf(url);
    const store = createVictoriaStore({ connect: async () => connection, installId });
    return (await store.isReady())
      ? ok('METRICS_URL answers')
      : fail(
          `METRICS_URL does not answer at ${connection.url}: nothing is measured, and alerts have no data`,
          'Look whether it runs, and whether METRICS_URL has its address and login.',
        );
  }
  if (config.engine !== 'incus') return null;
  if (!findVictoria(config.home)) {
    return fail(
      'VictoriaMetrics does not run: nothing is measured, and alerts have no data',
      `${RESTART} If it does not start, see ${logOf(config.home)}.`,
    );
  }
  return (await storeOf(config.home).isReady())
    ? ok(`VictoriaMetrics answers, and keeps ${days} days`)
    : fail('VictoriaMetrics runs, but does not answer', `See ${logOf(config.home)}.`);
}
