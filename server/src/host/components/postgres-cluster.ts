import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import type { Config } from '../../config.ts';
import { randomText } from '../../lib/crypto.ts';
import { isRoot } from '../../lib/processes.ts';
import { run } from '../../lib/run.ts';
import { writeStateFile } from '../../lib/state-file.ts';
import { OperatorError } from '../operator-error.ts';
import { findUser, type SystemUser } from '../system.ts';
import { findBinaries, type PostgresBinaries } from './postgres-binaries.ts';

export interface PostgresOptions {
  /**
   * Contains binaries, data, socket, password and log. The user must be able to enter every folder above it (`o+x`).
   */
  folder: string;
  /** An existing system user to run the server as when we are root, which PostgreSQL refuses; otherwise unused. */
  user: string;
  log: (message: string) => void;
  /** Called when the server's process has been started, and is waited for. */
  onLaunch?: (() => void) | undefined;
  /** False in tests only: faster, but a crash of the host loses data. */
  durable?: boolean;
  /** True in tests only: takes no PostgreSQL of the host. */
  bundled?: boolean;
}

/** What is needed to run a server on a data folder. */
export interface Cluster {
  layout: Layout;
  binaries: PostgresBinaries;
  /** The user that runs the server; null: the one that runs Danube. */
  owner: SystemUser | null;
  password: string;
}

/** Paths in the folder. */
export interface Layout {
  data: string;
  socket: string;
  password: string;
  log: string;
}

export const layoutOf = (folder: string): Layout => ({
  data: path.join(folder, 'data'),
  socket: path.join(folder, 'run'),
  password: path.join(folder, 'password'),
  log: path.join(folder, 'postgres.log'),
});

/** The folder of an install's own PostgreSQL. */
export const postgresFolder = (home: string): string => path.join(home, 'postgres');

/** Creates the cluster where it is missing. Throws {@link OperatorError} where no PostgreSQL here fits its data. */
export async function ensureCluster(options: PostgresOptions): Promise<Cluster> {
  const layout = layoutOf(options.folder);
  const owner = ownerFor(options.user);
  await mkdir(options.folder, { recursive: true, mode: 0o711 });
  const binaries = await findBinaries(options, layout.data);
  await ensureFolder(layout.socket, 0o700, owner);
  const password = existsSync(layout.data)
    ? (await readFile(layout.password, 'utf8')).trim()
    : await createCluster(layout, binaries, owner, options.log);
  return { layout, binaries, owner, password };
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

/** The environment of PostgreSQL's programs: nothing in it depends on who starts them. */
export const PROGRAM_ENV = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

const INITDB = ['--username', 'danube', '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--data-checksums'];
/** Sorts bytes, the same on every machine and after upgrades of the C library; knows letters beyond ASCII. */
const localeOptions = (major: number): string[] =>
  major >= 17
    ? ['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8']
    : ['--locale', 'C', '--lc-ctype', 'C.UTF-8'];

/** Creates the cluster under another name, then renames it, so that a killed set-up leaves no broken cluster. */
async function createCluster(
  layout: Layout,
  binaries: PostgresBinaries,
  owner: SystemUser | null,
  log: (message: string) => void,
): Promise<string> {
  log('Creating the PostgreSQL data folder');
  const password = randomText(32);
  const fresh = await makeCluster({ layout, binaries, owner, password });
  await writeStateFile(layout.password, `${password}\n`, 0o600);
  await rename(fresh, layout.data);
  return password;
}

/** Makes an empty cluster beside the data folder. Resolves to its folder. */
export async function makeCluster({ layout, binaries, owner, password }: Cluster): Promise<string> {
  const fresh = `${layout.data}.new`;
  const passwordFile = path.join(layout.socket, 'initial-password');
  await rm(fresh, { recursive: true, force: true });
  await ensureFolder(fresh, 0o700, owner);
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (owner) await chown(passwordFile, owner.uid, owner.gid);
    const files = ['--pgdata', fresh, '--pwfile', passwordFile];
    await run(path.join(binaries.bin, 'initdb'), [...INITDB, ...localeOptions(binaries.major), ...files], {
      env: PROGRAM_ENV,
      ...(owner ? { as: owner } : {}),
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
  return fresh;
}

/** `localhost` is a placeholder: some clients reject a URL without host name, and all prefer the `host` parameter. */
export function databaseUrl(
  { layout, password }: Pick<Cluster, 'layout' | 'password'>,
  database: string,
): string {
  return `postgres://danube:${password}@localhost/${database}?host=${encodeURIComponent(layout.socket)}`;
}

/** The URL of an install's own database, or null where it does not exist. */
export async function readPostgresUrl(home: string): Promise<string | null> {
  const layout = layoutOf(postgresFolder(home));
  if (!existsSync(layout.password)) return null;
  const password = (await readFile(layout.password, 'utf8')).trim();
  return databaseUrl({ layout, password }, 'danube');
}

/** The URL of the install's database. Throws {@link OperatorError} where there is none yet. */
export async function databaseUrlOf({ databaseUrl, home }: Config): Promise<string> {
  const url = databaseUrl ?? (await readPostgresUrl(home));
  if (url) return url;
  throw new OperatorError(`There is no database in ${postgresFolder(home)}.`, 'Run `npm start` once.');
}

/** Creates the database `danube` where it is missing. The server must be running. */
export async function ensureDatabase(cluster: Cluster): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(cluster, 'postgres') });
  await client.connect();
  try {
    const found = await client.query("select 1 from pg_database where datname = 'danube'");
    if (found.rowCount === 0) await client.query('create database danube');
  } finally {
    await client.end();
  }
}
