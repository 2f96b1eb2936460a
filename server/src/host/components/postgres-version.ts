import path from 'node:path';
import { run } from '../../lib/run.ts';
import { ok, type Verdict, warn } from '../verdict.ts';
import { findBundled, NEWEST_OF_BUNDLED } from './postgres-binaries.ts';
import { choosePostgres, hostBin, readOffer } from './postgres-choice.ts';

/** What tells whether an install's PostgreSQL has the security fixes that there are. */
export interface PostgresVersions {
  /** The version that runs. */
  running: string;
  /** The version that the next start runs. */
  installed: string;
  from: 'host' | 'bundled';
  /** A newer package for the host in its lists of packages, as far as these know. */
  available: string | null;
  /** The major version of this release of Debian; null on another system. */
  debian: number | null;
}

/** Finds out which versions there are. `running`: the `server_version` of the running server. */
export async function readPostgresVersions(data: string, running: string): Promise<PostgresVersions> {
  const bundled = findBundled();
  const offer = readOffer(data, bundled?.major ?? null);
  const { major, from } = choosePostgres(offer);
  const ofHost = from === 'host';
  return {
    running,
    from,
    installed: ofHost ? await versionOfPrograms(major) : (bundled?.version ?? ''),
    available: ofHost ? await availablePackage(major) : null,
    debian: offer.debian,
  };
}

async function versionOfPrograms(major: number): Promise<string> {
  const { stdout } = await run(path.join(hostBin(major), 'postgres'), ['--version']);
  return stdout.trim().replace('postgres (PostgreSQL) ', '');
}

async function availablePackage(major: number): Promise<string | null> {
  const { stdout } = await run('apt-cache', ['policy', `postgresql-${major}`], {
    allow: 'any',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return newerPackage(stdout);
}

/** The version in the output of `apt-cache policy` to which an upgrade would lead; null where there is none. */
export function newerPackage(policy: string): string | null {
  const field = (name: string): string | null =>
    new RegExp(`^ +${name}: (?!\\(none\\))(\\S+)$`, 'm').exec(policy)?.[1] ?? null;
  const installed = field('Installed');
  const candidate = field('Candidate');
  return installed && candidate !== installed ? candidate : null;
}

/** Whether the install's own PostgreSQL is behind, and what to do then. */
export function judgeVersions(versions: PostgresVersions): Verdict {
  const { running, installed, from, available, debian } = versions;
  const major = running.split('.')[0];
  if (running !== installed) {
    return warn(
      `PostgreSQL ${running} runs, and ${installed} is installed`,
      'Restart Danube: it starts the installed version. Instances keep running.',
    );
  }
  if (available) {
    const upgrade = `apt-get install --only-upgrade postgresql-${major}`;
    return warn(
      `PostgreSQL ${running}, and the package ${available} is available`,
      `Upgrade it (\`${upgrade}\`), then restart Danube. Instances keep running.`,
    );
  }
  if (from === 'bundled') {
    return running === NEWEST_OF_BUNDLED
      ? ok(`PostgreSQL ${running}, bundled`)
      : warn(
          `PostgreSQL ${running}, bundled, without the fixes of ${NEWEST_OF_BUNDLED}`,
          'It is for trials. New installs as root on Debian 12 and 13 use the PostgreSQL of Debian, which is kept current.',
        );
  }
  if (debian !== null && Number(major) !== debian) {
    return warn(
      `PostgreSQL ${running}, while this Debian has fixes for PostgreSQL ${debian} only`,
      `Stop Danube, run \`danube upgrade-database\`, which moves the data to it, and start again.`,
    );
  }
  return ok(`PostgreSQL ${running}, of the host`);
}
