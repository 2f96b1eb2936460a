import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { run } from '../../lib/run.ts';
import { OperatorError } from '../operator-error.ts';
import { hostBin } from './postgres-choice.ts';
import { ensureCluster, makeCluster, type PostgresOptions, PROGRAM_ENV } from './postgres-cluster.ts';
import { startPostgres, stopPostgres } from './postgres-server.ts';

/**
 * Moves the data to that major version with pg_upgrade(1), which must be installed on the host, as the present version
 * must be. Resolves to the folder in which the data as it was before remains. Throws {@link OperatorError}; the data is
 * unchanged then.
 */
export async function upgradePostgres(options: PostgresOptions, major: number): Promise<string> {
  const cluster = await ensureCluster(options);
  const { layout, binaries, owner, password } = cluster;
  const kept = `${layout.data}.${binaries.major}`;
  if (existsSync(kept)) {
    throw new OperatorError(
      `There is data of an earlier upgrade in ${kept}.`,
      'Remove it, or move it elsewhere.',
    );
  }
  if (binaries.from !== 'host') {
    throw new OperatorError(
      `The data is of PostgreSQL ${binaries.major}, whose tools are not on this host.`,
      `Install postgresql-${binaries.major} first.`,
    );
  }
  await stopPostgres(options.folder);
  const target = { ...cluster, binaries: { major, from: 'host', bin: hostBin(major) } } as const;
  const fresh = await makeCluster(target);
  await run(
    path.join(target.binaries.bin, 'pg_upgrade'),
    [
      ...['--old-bindir', binaries.bin, '--new-bindir', target.binaries.bin],
      ...['--old-datadir', layout.data, '--new-datadir', fresh],
      ...['--username', 'danube', '--socketdir', layout.socket],
    ],
    { cwd: layout.socket, env: { ...PROGRAM_ENV, PGPASSWORD: password }, ...(owner ? { as: owner } : {}) },
  );
  await rm(path.join(layout.socket, 'delete_old_cluster.sh'), { force: true });
  await rename(layout.data, kept);
  await rename(fresh, layout.data);
  await analyze(options);
  return kept;
}

/** The planner's statistics do not come along; and the upgraded server has to start. */
async function analyze(options: PostgresOptions): Promise<void> {
  const server = await startPostgres(options);
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query('analyze');
  } finally {
    await client.end();
    await server.stop();
  }
}
