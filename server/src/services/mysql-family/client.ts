import { createConnection } from 'mysql2/promise';
import type { TryConnection } from '../connection-client.ts';

/** For clients of MySQL and MariaDB, which speak the same protocol. */
export const tryMysql: TryConnection = async (target, done) => {
  const { host, port, username, password, database, ca, timeoutMs } = target;
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
