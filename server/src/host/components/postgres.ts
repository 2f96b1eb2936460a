import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../db/database.ts';
import { tryToWrite } from '../../db/write-probe.ts';
import { databaseOutage } from '../../lib/failure.ts';
import { isAlive, isRoot, type ProcessIdentity } from '../../lib/processes.ts';
import type { HostComponent, HostContext } from '../component.ts';
import { refuseNewerDatabase } from '../newer-database.ts';
import { ensureUser, findUser, removeUser, systemUserName } from '../system.ts';
import { fail, ok, RESTART, type Verdict, warn } from '../verdict.ts';
import { postgresPackages, readOffer } from './postgres-choice.ts';
import { databaseUrlOf, layoutOf, postgresFolder } from './postgres-cluster.ts';
import { findPostgres, startPostgres, stopPostgres } from './postgres-server.ts';
import { judgeVersions, readPostgresVersions } from './postgres-version.ts';

/** The database with all state of the install, unless DATABASE_URL names a PostgreSQL elsewhere. */
export const postgres: HostComponent = {
  name: 'PostgreSQL',
  packages({ home }) {
    const canInstall = isRoot() && existsSync('/usr/bin/apt-get');
    return canInstall ? postgresPackages(readOffer(dataFolder(home), null)) : [];
  },
  entries: ['postgres'],
  appliesTo: ({ databaseUrl }) => databaseUrl === null,
  create({ config, installId, log, onWait }) {
    const folder = postgresFolder(config.home);
    const user = systemUserName(installId);
    let server: ProcessIdentity | null = null;
    return {
      async ensure() {
        if (isRoot()) await ensureUser(user);
        server = (await startPostgres({ folder, user, log, onLaunch: onWait })).process;
      },
      isUp: () => server !== null && isAlive(server),
      stop: () => stopPostgres(folder),
    };
  },
  checks: [{ name: 'database', elsewhere: true, look: check }],
  async remove({ config, installId }, attempt) {
    await attempt('Stopping PostgreSQL', () => stopPostgres(postgresFolder(config.home)));
    await attempt('Removing the system user', () => removeUser(systemUserName(installId)));
  },
  async remains({ config, installId }) {
    const server = findPostgres(postgresFolder(config.home));
    const user = systemUserName(installId);
    return [
      ...(server ? [`PostgreSQL (process ${server.pid})`] : []),
      ...(findUser(user) ? [`the system user ${user}`] : []),
    ];
  },
};

const dataFolder = (home: string): string => layoutOf(postgresFolder(home)).data;

async function check({ config }: HostContext): Promise<Verdict> {
  const folder = postgresFolder(config.home);
  if (!config.databaseUrl && !findPostgres(folder)) {
    return fail('PostgreSQL does not run', `${RESTART} If it does not, see ${folder}/postgres.log.`);
  }
  const url = await databaseUrlOf(config);
  await refuseNewerDatabase(url);
  const { version, pending, refusal } = await readSchema(url);
  if (pending > 0) {
    return warn(`PostgreSQL ${version}, ${pending} migrations to apply`, 'Restart Danube: it applies them.');
  }
  if (refusal) {
    return fail(
      `PostgreSQL ${version} takes no writes: ${refusal}`,
      'Make room on its disk, or see its log. It works again by itself once there is room.',
    );
  }
  const verdict = config.databaseUrl
    ? ok(`PostgreSQL ${version}, DATABASE_URL`)
    : judgeVersions(await readPostgresVersions(dataFolder(config.home), version));
  return { ...verdict, message: `${verdict.message}, schema up to date` };
}

const MIGRATIONS = path.join(import.meta.dirname, '..', '..', 'db', 'migrations');

/** The version of the database server, the number of pending migrations, and why it takes no writes. */
async function readSchema(
  url: string,
): Promise<{ version: string; pending: number; refusal: string | null }> {
  const database = openDatabase(url, { max: 1 });
  const { db, close } = database;
  try {
    const { rows } = await sql<{ version: string; applied: number }>`
      select current_setting('server_version') as version, count(*)::int as applied from kysely_migration`.execute(
      db,
    );
    const { version = '', applied = 0 } = rows[0] ?? {};
    const pending = (await readdir(MIGRATIONS)).length - applied;
    return { version, pending, refusal: pending > 0 ? null : await refusalOf(database) };
  } finally {
    await close();
  }
}

/** What PostgreSQL says to a write; null: it worked. */
async function refusalOf(database: Database): Promise<string | null> {
  try {
    await tryToWrite(database);
    return null;
  } catch (error) {
    if (databaseOutage(error) === null) throw error;
    return (error as Error).message;
  }
}
