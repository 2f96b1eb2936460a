import { type RunResult, run } from '../../src/lib/run.ts';

/** What a test may change about a customer's connection. */
export interface Login {
  database?: string;
  user?: string;
  password?: string;
  sslmode?: string;
  /** `PGOPTIONS`: settings of the session. */
  options?: string;
}

interface Server {
  address: string;
  caFile: string;
  password: string;
}

/** Runs SQL with Debian's own psql on the host, by default as the customer does. */
export function psql(sql: string, connection: Server & Login): Promise<RunResult> {
  const { address, caFile, password, options = '' } = connection;
  const { database = 'shop', user = 'danube', sslmode = 'verify-full' } = connection;
  const to = `host=${address} dbname=${database} user=${user} connect_timeout=60`;
  const args = ['-XAtq', '-v', 'ON_ERROR_STOP=1', `${to} sslmode=${sslmode} sslrootcert=${caFile}`];
  const env = { ...process.env, PGPASSWORD: password, PGOPTIONS: options };
  return run('psql', args, { env, input: sql, allow: 'any', timeoutSeconds: 300 });
}
