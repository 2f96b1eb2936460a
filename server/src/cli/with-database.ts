import type { Config } from '../config.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { postgresFolder } from '../host/components/postgres-cluster.ts';
import { findPostgres, startPostgres } from '../host/components/postgres-server.ts';
import { requireInstall } from '../host/install.ts';
import { refuseNewerDatabase } from '../host/newer-database.ts';
import { OperatorError } from '../host/operator-error.ts';
import { systemUserName } from '../host/system.ts';

/**
 * Runs a command on the install's database. If the install's own PostgreSQL is down, it is started for the duration of the
 * command. Throws {@link OperatorError} where there is no install yet.
 */
export async function withDatabase<T>(config: Config, work: (database: Database) => Promise<T>): Promise<T> {
  const local = config.databaseUrl ? null : await openOwn(config);
  const url = config.databaseUrl ?? local?.url ?? '';
  const database = openDatabase(url, { max: 2 });
  try {
    await refuseNewerDatabase(url);
    await migrate(database.db);
    return await work(database);
  } finally {
    await database.close();
    await local?.done();
  }
}

async function openOwn(config: Config): Promise<{ url: string; done(): Promise<void> }> {
  const install = await requireInstall(config.home);
  const folder = postgresFolder(config.home);
  const wasUp = findPostgres(folder) !== null;
  const server = await startPostgres({
    folder,
    user: systemUserName(install.installId),
    log: () => undefined,
  });
  return { url: server.url, done: async () => (wasUp ? undefined : server.stop()) };
}
