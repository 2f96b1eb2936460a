import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { randomText } from '../lib/crypto.ts';
import {
  allPids,
  argumentsOf,
  identify,
  isRoot,
  linkOf,
  type ProcessIdentity,
  signal,
  waitForExit,
} from '../lib/processes.ts';
import { run } from '../lib/run.ts';
import { startDaemon } from './daemon.ts';
import { OperatorError } from './operator-error.ts';
import { copyPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { findUser, type SystemUser } from './system.ts';

export interface PostgresOptions {
  /** Holds binaries, data, socket, password and log. Every folder above it must be open to the user (`o+x`). */
  folder: string;
  /** The existing system user that runs the server when we are root (PostgreSQL refuses root); unused otherwise. */
  user: string;
  log: (message: string) => void;
  /** False for tests only: fast, and a crash of the host loses the data. */
  durable?: boolean;
}

export interface RunningPostgres {
  /** Database `danube` over the unix socket. Other databases: replace the path of the URL. */
  url: string;
  pid: number;
  /** Fast shutdown: ends sessions, writes everything, waits for the process to be gone. */
  stop(): Promise<void>;
}

const SETTINGS: Record<string, string> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '200',
  // Modest on purpose: the memory of the host belongs to the instances.
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
/** Seconds that the processes of a crashed server get to end. */
const CRASH_SECONDS = 15;
const STOP_SECONDS = 60;
const LEAVE_SECONDS = 1;

interface Layout {
  data: string;
  socket: string;
  password: string;
  log: string;
}

const layoutOf = (folder: string): Layout => ({
  data: path.join(folder, 'data'),
  socket: path.join(folder, 'run'),
  password: path.join(folder, 'password'),
  log: path.join(folder, 'postgres.log'),
});

/**
 * Starts the embedded PostgreSQL in a process group of its own, or takes over the one that runs on this folder already
 * (after a crash of ours). Creates the cluster at the first start. Throws {@link OperatorError}.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const layout = layoutOf(options.folder);
  const owner = ownerFor(options.user);
  await mkdir(options.folder, { recursive: true, mode: 0o711 });
  const binaries = await copyPostgresBinaries(options.folder);
  await ensureFolder(layout.socket, 0o700, owner);
  const password = await ensureCluster(layout, binaries, owner, options.log);
  await refuseOtherMajor(layout, binaries);

  let server = findPostgres(options.folder);
  if (server && linkOf(server.pid, 'exe') !== path.join(binaries.bin, 'postgres')) {
    options.log('PostgreSQL is of another version than this Danube brings: restarting it');
    await stopProcess(server);
    server = null;
  }
  if (server) {
    options.log(`PostgreSQL is running already (pid ${server.pid}): taking it over`);
    await waitUntilReady(connectionUrl(layout, password, 'postgres'), server, layout);
  } else server = await launchPatiently(layout, binaries, owner, options, password);
  await ensureDatabase(connectionUrl(layout, password, 'postgres'));
  const running = server;
  return {
    url: connectionUrl(layout, password, 'danube'),
    pid: server.pid,
    stop: () => stopProcess(running),
  };
}

/** After a crash the new server refuses to start while processes of the old one still end. */
async function launchPatiently(
  layout: Layout,
  binaries: PostgresBinaries,
  owner: SystemUser | null,
  options: PostgresOptions,
  password: string,
): Promise<ProcessIdentity> {
  const deadline = Date.now() + CRASH_SECONDS * 1000;
  for (;;) {
    const server = await launch(layout, binaries, owner, options);
    try {
      await waitUntilReady(connectionUrl(layout, password, 'postgres'), server, layout);
      return server;
    } catch (error) {
      const inTheWay = /already exists|still in use/.test((error as Error).message);
      if (!inTheWay || Date.now() > deadline) throw error;
      await delay(250);
    }
  }
}

/** The server that runs on that folder's data, also one that somebody else started. */
export function findPostgres(folder: string): ProcessIdentity | null {
  const data = layoutOf(folder).data;
  for (const pid of allPids()) {
    const args = argumentsOf(pid);
    // Backends rewrite their arguments to `postgres: …`; only the postmaster keeps `-D`.
    if (path.basename(args[0] ?? '') === 'postgres' && args[args.indexOf('-D') + 1] === data)
      return identify(pid);
  }
  return null;
}

/** Stops the server of that folder, where there is one. */
export async function stopPostgres(folder: string): Promise<void> {
  const server = findPostgres(folder);
  if (server) await stopProcess(server);
}

/** The URL of the cluster in that folder, or null where it was never made. */
export async function readPostgresUrl(folder: string): Promise<string | null> {
  const layout = layoutOf(folder);
  if (!existsSync(layout.password)) return null;
  return connectionUrl(layout, (await readFile(layout.password, 'utf8')).trim(), 'danube');
}

function ownerFor(user: string): SystemUser | null {
  if (!isRoot()) return null;
  const found = findUser(user);
  if (!found) throw new Error(`There is no system user ${user} to run PostgreSQL.`);
  return found;
}

async function ensureFolder(folder: string, mode: number, owner: SystemUser | null): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, mode);
  if (owner) await chown(folder, owner.uid, owner.gid);
}

/** Makes the cluster under another name and renames it: a set-up that is killed half-way leaves no broken one. */
async function ensureCluster(
  layout: Layout,
  binaries: PostgresBinaries,
  owner: SystemUser | null,
  log: (message: string) => void,
): Promise<string> {
  if (existsSync(layout.data)) return (await readFile(layout.password, 'utf8')).trim();
  log('Creating the PostgreSQL data folder');
  const password = randomText(32);
  const fresh = `${layout.data}.new`;
  const passwordFile = path.join(layout.socket, 'initial-password');
  await rm(fresh, { recursive: true, force: true });
  await ensureFolder(fresh, 0o700, owner);
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (owner) await chown(passwordFile, owner.uid, owner.gid);
    const args = [
      '--pgdata',
      fresh,
      '--username',
      'danube',
      '--pwfile',
      passwordFile,
      '--auth',
      'scram-sha-256',
    ];
    // The built-in locale sorts the same on every machine, and over upgrades of the C library.
    const locale = [
      '--encoding',
      'UTF8',
      '--locale',
      'C',
      '--locale-provider',
      'builtin',
      '--builtin-locale',
      'C.UTF-8',
    ];
    await run(path.join(binaries.bin, 'initdb'), [...args, ...locale], {
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      ...(owner ? { as: owner } : {}),
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await writeFile(layout.password, `${password}\n`, { mode: 0o600 });
  await rename(fresh, layout.data);
  return password;
}

async function refuseOtherMajor(layout: Layout, binaries: PostgresBinaries): Promise<void> {
  const have = (await readFile(path.join(layout.data, 'PG_VERSION'), 'utf8')).trim();
  const want = binaries.version.split('.')[0];
  if (have !== want) {
    throw new OperatorError(
      `The data in ${layout.data} is of PostgreSQL ${have}, but this Danube brings PostgreSQL ${want}.`,
      'Dump it with the Danube that wrote it and restore the dump here: see "Upgrades" in docs/operations.md.',
    );
  }
}

async function launch(
  layout: Layout,
  binaries: PostgresBinaries,
  owner: SystemUser | null,
  options: PostgresOptions,
): Promise<ProcessIdentity> {
  await removeStalePidFile(layout);
  const settings = {
    ...SETTINGS,
    unix_socket_directories: layout.socket,
    ...(options.durable === false ? FAST_SETTINGS : {}),
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
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    logFile: layout.log,
    as: owner,
  });
  if (!server) throw await startFailure(layout);
  return server;
}

/**
 * PostgreSQL clears a pid file of its own after a crash, unless another process got the number since. It is ours to
 * clear only when nothing at all works in the data folder (a postmaster's children may outlive it for a moment).
 */
async function removeStalePidFile(layout: Layout): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (allPids().some((pid) => linkOf(pid, 'cwd') === layout.data)) {
    if (Date.now() > deadline) return;
    await delay(50);
  }
  await rm(path.join(layout.data, 'postmaster.pid'), { force: true });
}

/** The host name is a filler: some clients refuse a URL without one, and all prefer the `host` parameter. */
function connectionUrl(layout: Layout, password: string, database: string): string {
  return `postgres://danube:${password}@localhost/${database}?host=${encodeURIComponent(layout.socket)}`;
}

async function waitUntilReady(url: string, server: ProcessIdentity, layout: Layout): Promise<void> {
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    // A server that is shutting down or starting up drops connections; the next round tries again.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (cause) {
      if (identify(server.pid)?.startTime !== server.startTime) throw await startFailure(layout, cause);
      const refused = (cause as { code?: string }).code === '28P01';
      if (refused || Date.now() > deadline) {
        throw new OperatorError(
          refused
            ? `PostgreSQL does not take the password in ${layout.password}.`
            : `PostgreSQL did not answer within ${START_SECONDS} s.`,
          `Look into ${layout.log}.`,
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

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query("select 1 from pg_database where datname = 'danube'");
    if (found.rowCount === 0) await client.query('create database danube');
  } finally {
    await client.end();
  }
}

async function stopProcess(server: ProcessIdentity): Promise<void> {
  if (identify(server.pid)?.startTime !== server.startTime) return;
  // Clients that are just leaving get a moment to do so in good order; then sessions are ended.
  signal(server.pid, 'SIGTERM');
  if (await waitForExit(server, LEAVE_SECONDS)) return;
  signal(server.pid, 'SIGINT');
  if (await waitForExit(server, STOP_SECONDS)) return;
  signal(server.pid, 'SIGQUIT');
  await waitForExit(server, STOP_SECONDS);
}
