import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import {
  allPids,
  argumentsOf,
  identify,
  isAlive,
  linkOf,
  type ProcessIdentity,
  signal,
  waitForExit,
} from '../../lib/processes.ts';
import { startDaemon } from '../daemon.ts';
import { OperatorError } from '../operator-error.ts';
import {
  type Cluster,
  databaseUrl,
  ensureCluster,
  ensureDatabase,
  type Layout,
  layoutOf,
  type PostgresOptions,
  PROGRAM_ENV,
} from './postgres-cluster.ts';

export interface RunningPostgres {
  /** URL of the database `danube` over the unix socket. For another database, replace the path. */
  url: string;
  process: ProcessIdentity;
  /** Fast shutdown: ends sessions, writes everything, waits for the process to exit. */
  stop(): Promise<void>;
}

const SETTINGS: Record<string, string> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '200',
  // Small on purpose: the host's memory is for instances.
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  work_mem: '8MB',
  maintenance_work_mem: '128MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
};
const FAST_SETTINGS = { fsync: 'off', full_page_writes: 'off' };
const START_SECONDS = 120;
/** Seconds that the processes of a crashed server get to exit. */
const CRASH_SECONDS = 15;
const STOP_SECONDS = 60;
const LEAVE_SECONDS = 1;

/**
 * Starts the install's PostgreSQL in its own process group, or takes over one that already runs on this folder (after a
 * crash of Danube). Creates the cluster at the first start. Throws {@link OperatorError}.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const cluster = await ensureCluster(options);
  let server = findPostgres(options.folder);
  if (server && linkOf(server.pid, 'exe') !== path.join(cluster.binaries.bin, 'postgres')) {
    options.log('PostgreSQL was updated: restarting it');
    await stopProcess(server);
    server = null;
  }
  if (server) {
    options.log(`PostgreSQL is running already (pid ${server.pid}): taking it over`);
    await waitUntilReady(cluster, server);
  } else server = await launchPatiently(cluster, options);
  await ensureDatabase(cluster);
  const running = server;
  return {
    url: databaseUrl(cluster, 'danube'),
    process: running,
    stop: () => stopProcess(running),
  };
}

/** After a crash, the new server refuses to start until the processes of the old one have exited. */
async function launchPatiently(cluster: Cluster, options: PostgresOptions): Promise<ProcessIdentity> {
  const deadline = Date.now() + CRASH_SECONDS * 1000;
  for (;;) {
    const server = await launch(cluster, options.durable !== false);
    options.onLaunch?.();
    try {
      await waitUntilReady(cluster, server);
      return server;
    } catch (error) {
      const inTheWay = /already exists|still in use/.test((error as Error).message);
      if (!inTheWay || Date.now() > deadline) throw error;
      await delay(250);
    }
  }
}

/** The server that runs on that folder's data, even if somebody else started it. */
export function findPostgres(folder: string): ProcessIdentity | null {
  const data = layoutOf(folder).data;
  for (const pid of allPids()) {
    const args = argumentsOf(pid);
    // Backends replace their arguments by `postgres: …`; only the postmaster keeps `-D`.
    if (path.basename(args[0] ?? '') === 'postgres' && args[args.indexOf('-D') + 1] === data)
      return identify(pid);
  }
  return null;
}

/** Stops the folder's server, if it is running. */
export async function stopPostgres(folder: string): Promise<void> {
  const server = findPostgres(folder);
  if (server) await stopProcess(server);
}

async function launch({ layout, binaries, owner }: Cluster, durable: boolean): Promise<ProcessIdentity> {
  await removeStalePidFile(layout);
  const settings = {
    ...SETTINGS,
    unix_socket_directories: layout.socket,
    ...(durable ? {} : FAST_SETTINGS),
  };
  const args = [
    '-D',
    layout.data,
    ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ];
  const server = await startDaemon({
    command: path.join(binaries.bin, 'postgres'),
    args,
    cwd: layout.data,
    env: PROGRAM_ENV,
    logFile: layout.log,
    as: owner,
  });
  if (!server) throw await startFailure(layout);
  return server;
}

/**
 * After a crash PostgreSQL removes its stale pid file itself, unless another process got the same number. We may remove
 * it only when no process uses the data folder: a postmaster's children may outlive it briefly.
 */
async function removeStalePidFile(layout: Layout): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (allPids().some((pid) => linkOf(pid, 'cwd') === layout.data)) {
    if (Date.now() > deadline) return;
    await delay(50);
  }
  await rm(path.join(layout.data, 'postmaster.pid'), { force: true });
}

async function waitUntilReady(cluster: Cluster, server: ProcessIdentity): Promise<void> {
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    const client = new pg.Client({ connectionString: databaseUrl(cluster, 'postgres') });
    // A server that starts or shuts down drops connections; the next round tries again.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (cause) {
      if (!isAlive(server)) throw await startFailure(cluster.layout, cause);
      const refused = (cause as { code?: string }).code === '28P01';
      if (refused || Date.now() > deadline) {
        throw new OperatorError(
          refused
            ? `PostgreSQL does not take the password in ${cluster.layout.password}.`
            : `PostgreSQL did not answer within ${START_SECONDS} s.`,
          `Look into ${cluster.layout.log}.`,
          { cause },
        );
      }
    }
    await delay(25);
  }
}

async function startFailure(layout: Layout, cause?: unknown): Promise<OperatorError> {
  const tail = (await readFile(layout.log, 'utf8')).trim().split('\n').slice(-5).join('\n  ');
  return new OperatorError(`PostgreSQL did not start. It said:\n  ${tail}`, `The whole log: ${layout.log}.`, {
    cause,
  });
}

async function stopProcess(server: ProcessIdentity): Promise<void> {
  if (!isAlive(server)) return;
  // Smart shutdown first lets clients that are about to leave do so; then sessions are ended.
  signal(server.pid, 'SIGTERM');
  if (await waitForExit(server, LEAVE_SECONDS)) return;
  signal(server.pid, 'SIGINT');
  if (await waitForExit(server, STOP_SECONDS)) return;
  signal(server.pid, 'SIGQUIT');
  await waitForExit(server, STOP_SECONDS);
}
