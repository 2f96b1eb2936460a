import { existsSync } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import type { Config } from '../config.ts';
import { RECIPES } from '../images/recipes.ts';
import { argumentsOf, isRoot } from '../lib/processes.ts';
import { run } from '../lib/run.ts';
import { usesLocalIncus } from './components/incus-connection.ts';
import { OLDEST_POSTGRES } from './components/postgres-choice.ts';
import { HOST_COMPONENTS, packagesFor } from './components.ts';
import { ownEntries } from './install.ts';
import {
  describeIsolation,
  type Isolation,
  NO_USER_NAMESPACES,
  readIsolation,
  weaknesses,
} from './isolation.ts';
import { refuseNewerDatabase } from './newer-database.ts';
import { OperatorError } from './operator-error.ts';
import { missingPackages, type Package } from './packages.ts';

/** What preflight reads besides the settings; replaced in tests. */
export interface Host {
  platform: string;
  root: boolean;
  hasApt: boolean;
  missingPackages: (packages: readonly Package[]) => string[];
  /** Free bytes where the data directory is or will be. */
  freeBytes: (home: string) => Promise<number>;
  isolation: () => Isolation;
}

export const MIN_FREE_BYTES = 10 * 1024 ** 3;
/** Characters of a command line that a message quotes. */
const MAX_COMMAND = 200;
/** The path of a unix socket has at most 107 bytes (unix(7)); the longest one below the data directory needs 30. */
const MAX_HOME_BYTES = 75;

export const thisHost = (): Host => ({
  platform: process.platform,
  root: isRoot(),
  hasApt: existsSync('/usr/bin/apt-get'),
  missingPackages,
  async freeBytes(home) {
    const { bavail, bsize } = await statfs(nearestExisting(home));
    return bavail * bsize;
  },
  isolation: readIsolation,
});

/**
 * Checks everything that would make the start fail later, and changes nothing. Throws the first {@link OperatorError}.
 * Resolves to lines for the operator. `firstStart`: the data directory does not exist yet.
 */
export async function preflight(
  config: Config,
  firstStart: boolean,
  host: Host = thisHost(),
): Promise<string[]> {
  refusePlatform(config, host);
  await refuseHome(config, host);
  refuseUnknownImages(config);
  if (firstStart) await refuseForeignHome(config.home);
  // At the first start only. Later, a full disk is reported by doctor, but does not stop the service.
  if (firstStart && usesLocalIncus(config)) await refuseFullDisk(config.home, host);
  if (config.role !== 'worker') await refuseTakenPort(config.listen);
  if (config.databaseUrl) await refuseDatabase(config.databaseUrl);
  return usesLocalIncus(config) ? reportIsolation(host.isolation()) : [];
}

/** Throws where instances cannot be unprivileged. Other missing features are reported: they weaken the isolation. */
function reportIsolation(isolation: Isolation): string[] {
  const weak = weaknesses(isolation);
  if (!isolation.userNamespaces) {
    throw new OperatorError(
      'This kernel has no user namespaces, or does not allow them: root in an instance would be root on this host.',
      NO_USER_NAMESPACES,
    );
  }
  return [
    `Isolation of instances: ${describeIsolation(isolation)}`,
    ...weak.map(({ what, remedy }) => `  ! ${what}. ${remedy}`),
  ];
}

function refuseUnknownImages({ imagesAhead }: Config): void {
  if (imagesAhead === 'all') return;
  const unknown = imagesAhead.find((name) => !RECIPES.has(name));
  if (unknown === undefined) return;
  throw new OperatorError(
    `DANUBE_IMAGES_AHEAD names "${unknown}", which is no image that is built here.`,
    `These are: ${[...RECIPES.keys()].join(', ')}. It also takes "all" and "none".`,
  );
}

function refusePlatform(config: Config, host: Host): void {
  if (host.platform !== 'linux') {
    throw new OperatorError(
      `Danube runs on Linux; this is ${host.platform}.`,
      'Use a Debian 12 or 13 server, or a virtual machine with one.',
    );
  }
  if (!usesLocalIncus(config)) return;
  if (!host.root) {
    throw new OperatorError(
      'Danube needs root: it sets up instances, networks and firewalls on this host.',
      'Start it as root (`sudo npm start`), set INCUS_URL to an Incus elsewhere, or try it out with DANUBE_ENGINE=sim.',
    );
  }
  const missing = host.missingPackages(packagesFor(config));
  if (missing.length > 0 && !host.hasApt) {
    throw new OperatorError(
      `There is no apt-get here to install ${missing.join(', ')}.`,
      'Use Debian 12 or 13, install them yourself, or set INCUS_URL to an Incus elsewhere.',
    );
  }
}

async function refuseHome(config: Config, host: Host): Promise<void> {
  if (Buffer.byteLength(config.home) > MAX_HOME_BYTES) {
    throw new OperatorError(
      `DANUBE_HOME is too long (${Buffer.byteLength(config.home)} bytes): paths of unix sockets have at most 107 bytes.`,
      `Choose a folder of at most ${MAX_HOME_BYTES} bytes, for example /var/lib/danube.`,
    );
  }
  if (!host.root || config.databaseUrl) return;
  for (let folder = path.dirname(config.home); folder !== '/'; folder = path.dirname(folder)) {
    if (existsSync(folder) && ((await stat(folder)).mode & 0o001) === 0) {
      throw new OperatorError(
        `DANUBE_HOME is below ${folder}, which only its owner may enter; PostgreSQL runs as another user.`,
        `Choose another folder, for example /var/lib/danube, or run: chmod o+x ${folder}`,
      );
    }
  }
}

/** The first start changes the folder's permissions, so it must not be a folder with another purpose. */
async function refuseForeignHome(home: string): Promise<void> {
  const entries = existsSync(home) ? await readdir(home) : [];
  const allowed = [...ownEntries(HOST_COMPONENTS), 'lost+found'];
  const foreign = entries.filter((name) => !allowed.includes(name));
  if (foreign.length > 0) {
    throw new OperatorError(
      `DANUBE_HOME is ${home}, which contains other files (${foreign.slice(0, 3).join(', ')}) and no Danube.`,
      'Choose a folder that is empty or does not exist yet, for example /var/lib/danube.',
    );
  }
}

async function refuseFullDisk(home: string, host: Host): Promise<void> {
  const free = await host.freeBytes(home);
  if (free < MIN_FREE_BYTES) {
    throw new OperatorError(
      `Only ${(free / 1024 ** 3).toFixed(1)} GB are free on the disk of ${nearestExisting(home)}; Danube needs 10.`,
      'Free some space, or set DANUBE_HOME to a folder on a larger disk.',
    );
  }
}

/** The folder itself, or its closest existing ancestor. */
function nearestExisting(folder: string): string {
  let place = folder;
  while (!existsSync(place)) place = path.dirname(place);
  return place;
}

const PORT_REMEDIES: Record<string, string> = {
  EADDRNOTAVAIL: 'Set DANUBE_LISTEN to an address of this host.',
  EACCES: 'Ports under 1024 need root. Set DANUBE_LISTEN to a higher one.',
};

/** Throws where the address cannot be listened on, naming the process that holds the port. */
export async function refuseTakenPort(listen: { host: string; port: number }): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...listen, exclusive: true }, resolve);
    });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const holder = code === 'EADDRINUSE' ? await whoListens(listen.port) : '';
    const shown = listen.host.includes(':')
      ? `[${listen.host}]:${listen.port}`
      : `${listen.host}:${listen.port}`;
    throw new OperatorError(
      code === 'EADDRINUSE'
        ? `Port ${listen.port} is taken${holder ? ` by ${holder}` : ''}.`
        : `Danube cannot listen on ${shown} (${code}).`,
      PORT_REMEDIES[code] ??
        'Stop that program, or set DANUBE_LISTEN to another port, for example 127.0.0.1:8081.',
      { cause },
    );
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** Command line without its options, and pid; empty where unknown. */
async function whoListens(port: number): Promise<string> {
  const found = await run('ss', ['-Hltnp', `sport = :${port}`], { allow: 'any', timeoutSeconds: 5 });
  const match = /\(\("([^"]+)",pid=(\d+)/.exec(found.stdout);
  if (!match) return '';
  const [, name, pid] = match;
  // The name alone tells little: that of all programs in Node is "MainThread".
  const words = argumentsOf(Number(pid)).filter((word) => !word.startsWith('-'));
  const command = words.join(' ').slice(0, MAX_COMMAND) || name;
  return `"${command}" (process ${pid})`;
}

/** Checks the operator's own PostgreSQL: reachable, new enough, and not written by a newer Danube. */
async function refuseDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    const { rows } = await client.query('show server_version_num');
    const major = Math.floor(Number(rows[0].server_version_num) / 10_000);
    if (major < OLDEST_POSTGRES) {
      throw new OperatorError(
        `The PostgreSQL of DATABASE_URL is version ${major}; Danube needs ${OLDEST_POSTGRES} or newer.`,
        'Upgrade it, or leave DATABASE_URL out: Danube then runs a PostgreSQL itself.',
      );
    }
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause;
    throw new OperatorError(
      `The PostgreSQL of DATABASE_URL does not answer: ${(cause as Error).message}.`,
      'Check that it runs, that this host may reach it, and the user, password and database in the URL.',
      { cause },
    );
  } finally {
    await client.end();
  }
  await refuseNewerDatabase(url);
}
