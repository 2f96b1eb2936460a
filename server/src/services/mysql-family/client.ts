import type { TryConnection } from '../connection-client.ts';

/** For clients of MySQL and MariaDB, which speak the same protocol. */
export const tryMysql: TryConnection = async (target, done) => {
  const { host, port, username, password, database, ca, timeoutMs } = target;
  // Loaded when it is first needed: it has 90 modules, which would take their time at each start.
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({
    host,
    port,
    user: username,
    password,
    ...(database === null ? {} : { database }),
    ssl: { ca, verifyIdentity: true },
    connectTimeout: timeoutMs,
    // The server could ask for files of this host.
    flags: ['-LOCAL_FILES'],
  }).catch((error: { code?: string }) => {
    // The engine itself has answered, so the connection is encrypted by then.
    if (error.code?.startsWith('ER_')) done('tls');
    throw error;
  });
  try {
    done('tls');
    done('sign_in');
    await connection.query({ sql: 'select 1', timeout: timeoutMs });
    done('query');
  } finally {
    connection.destroy();
  }
};
