import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readOsRelease } from '../../lib/os-release.ts';
import { OperatorError } from '../operator-error.ts';
import type { Package } from '../packages.ts';

/** The oldest and the newest major version of PostgreSQL that Danube is tested with. */
export const OLDEST_POSTGRES = 15;
const NEWEST_POSTGRES = 18;

/** The major version in each release of Debian, which has security fixes for it for as long as for the release. */
const VERSION_OF_DEBIAN: Record<number, number> = { 12: 15, 13: 17 };

/** Where Debian's packages put a major version each. */
const HOST_VERSIONS = '/usr/lib/postgresql';

/** What there is to choose from: major versions. */
export interface PostgresOffer {
  /** The one that made the data folder; null: there is no data yet. */
  data: number | null;
  /** The one of this release of Debian, installed or not; null on another system. */
  debian: number | null;
  /** Those that are installed on the host. */
  installed: readonly number[];
  /** The one among the npm packages; null: the package is not installed. */
  bundled: number | null;
}

export interface PostgresChoice {
  major: number;
  from: 'host' | 'bundled';
}

/** Finds out what this host offers for that data folder. `bundled`: see {@link PostgresOffer}. */
export function readOffer(data: string, bundled: number | null): PostgresOffer {
  const { id, version } = readOsRelease();
  return {
    data: existsSync(data) ? Number(readFileSync(path.join(data, 'PG_VERSION'), 'utf8')) : null,
    debian: (id === 'debian' && VERSION_OF_DEBIAN[version]) || null,
    installed: hostVersions(),
    bundled,
  };
}

function hostVersions(): number[] {
  if (!existsSync(HOST_VERSIONS)) return [];
  const serves = (major: string): boolean => existsSync(path.join(hostBin(Number(major)), 'postgres'));
  return readdirSync(HOST_VERSIONS)
    .filter((name) => /^\d+$/.test(name) && serves(name))
    .map(Number);
}

/** The folder of the programs of a version that is installed on the host. */
export const hostBin = (major: number): string => path.join(HOST_VERSIONS, String(major), 'bin');

/**
 * The PostgreSQL to serve with: the version that made the data; for new data Debian's own, else the newest of the host,
 * else the bundled one. Throws {@link OperatorError} where there is none.
 */
export function choosePostgres({ data, debian, installed, bundled }: PostgresOffer): PostgresChoice {
  const host = data ?? bestOfHost(debian, installed);
  if (host !== null && installed.includes(host)) return { major: host, from: 'host' };
  if (bundled !== null && (data ?? bundled) === bundled) return { major: bundled, from: 'bundled' };
  if (data === null) {
    throw new OperatorError(
      `There is no PostgreSQL from ${OLDEST_POSTGRES} to ${NEWEST_POSTGRES} here, and none among the npm packages.`,
      'Run `npm ci`, or set DATABASE_URL to a PostgreSQL of your own.',
    );
  }
  throw new OperatorError(
    `The data is of PostgreSQL ${data}, and there is no such version on this host.`,
    `Install postgresql-${data}, or move the data to another version: see "PostgreSQL" in docs/operations.md.`,
  );
}

function bestOfHost(debian: number | null, installed: readonly number[]): number | null {
  if (debian !== null && installed.includes(debian)) return debian;
  const fit = installed.filter((major) => major >= OLDEST_POSTGRES && major <= NEWEST_POSTGRES);
  return fit.length > 0 ? Math.max(...fit) : null;
}

/** The packages to install for that data folder: Debian's own version, unless the data is of another one. */
export const postgresPackages = ({ data, debian }: Pick<PostgresOffer, 'data' | 'debian'>): Package[] =>
  debian !== null && (data ?? debian) === debian ? [debianPackage(debian)] : [];

/** Debian's package with the server of that version. */
export const debianPackage = (major: number): Package => ({
  name: `postgresql-${major}`,
  proof: path.join(hostBin(major), 'postgres'),
  services: 'postgresql*',
  // Danube makes a cluster of its own. One that Debian's script makes would listen on a TCP port.
  duringInstall: {
    file: '/etc/postgresql-common/createcluster.d/danube.conf',
    text: 'create_main_cluster = false\n',
  },
});
