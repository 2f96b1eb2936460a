import pg from 'pg';
import type { TryConnection } from '../connection-client.ts';

/** SQLSTATE: the engine itself has answered, so the connection is encrypted by then. */
const SQLSTATE = /^[0-9A-Z]{5}$/;

export const tryPostgresql: TryConnection = async (target, done) => {
  const { host, port, username, password, database, ca, timeoutMs } = target;
  const client = new pg.Client({
    host,
    port,
    user: username,
    password,
    database: database ?? 'postgres',
    ssl: { ca },
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'danube-connection-test',
  });
  // What breaks later is reported by the call that it breaks.
  client.on('error', () => {});
  try {
    await client.connect().catch((error: { code?: string }) => {
      if (SQLSTATE.test(error.code ?? '')) done('tls');
      throw error;
    });
    done('tls');
    done('sign_in');
    await client.query('select 1');
    done('query');
  } finally {
    await client.end().catch(() => {});
  }
};
