import type { Config } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { type ImageBuild, readImageBuilds } from '../images/build-records.ts';
import { databaseUrlOf, postgresFolder } from './components/postgres-cluster.ts';
import { findPostgres } from './components/postgres-server.ts';

/** The images that the server is still to build ahead; null where its database does not run. */
export async function imageBuildsOf(config: Config): Promise<ImageBuild[] | null> {
  if (!config.databaseUrl && !findPostgres(postgresFolder(config.home))) return null;
  const { db, close } = openDatabase(await databaseUrlOf(config), { max: 1 });
  try {
    return await readImageBuilds(db);
  } finally {
    await close();
  }
}

/** What a build does, for example `building 40 %`; empty where it only waits for its turn. */
export function describeBuild({ message, percent, failures, error }: ImageBuild): string {
  if (message !== null) return `building${percent === null ? '' : ` ${percent} %`}`;
  return failures === 0 ? '' : `could not be built ${failures} times: ${error}`;
}
