import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import { PreparingClient } from './prepared.ts';
import type { DB } from './schema.gen.ts';
import { SessionLocks } from './session-locks.ts';

// bigint as a number: identity columns and counts stay far below 2^53, and the API returns JSON numbers.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
// PostgreSQL prints an address as a network of one host; drop that prefix length.
pg.types.setTypeParser(pg.types.builtins.INET, (text) => text.replace(/\/(32|128)$/, ''));

export type Tx = Transaction<DB>;
/** What store functions run on: the pool, or one transaction. */
export type Queryable = Kysely<DB>;

export interface Database {
  /** Where it is, for connections outside of the pool. */
  url: string;
  pool: pg.Pool;
  db: Kysely<DB>;
  /** Of this process. */
  locks: SessionLocks;
  /**
   * Runs `work` in one transaction: commits when it resolves, rolls back when it throws. Where PostgreSQL rolls it back
   * because it conflicts with another, it is run again, so it may do nothing that a roll-back does not undo.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A connection pool. `options` are settings of its sessions. */
export function openPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    idleTimeoutMillis: 60_000,
    Client: PreparingClient,
    ...options,
  });
  // The pool replaces a connection that dies, idle or between two queries of its borrower, and the next query on it
  // throws. Without these listeners the process would end.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

export function openDatabase(url: string, { max = 20 }: { max?: number } = {}): Database {
  const pool = openPool(url, { max });
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  return {
    url,
    pool,
    db,
    locks: new SessionLocks(pool),
    transaction: (work) => withRetries(() => db.transaction().execute(work)),
    close: () => db.destroy(),
  };
}

const ATTEMPTS = 5;
/** serialization_failure and deadlock_detected. */
const CONFLICTS: readonly unknown[] = ['40001', '40P01'];

/** Whether PostgreSQL rolled a transaction back because it conflicts with others. */
export const isConflict = (error: unknown): boolean =>
  CONFLICTS.includes((error as { code?: unknown } | null)?.code);

async function withRetries<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}
