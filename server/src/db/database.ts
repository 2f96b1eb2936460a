import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import { PreparingClient } from './prepared.ts';
import type { DB } from './schema.gen.ts';

// Identity columns and counts stay far below 2^53, and the wire wants numbers.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
// Addresses are handed on as text without the prefix length of a host.
pg.types.setTypeParser(pg.types.builtins.INET, (text) => text.replace(/\/(32|128)$/, ''));

export type Tx = Transaction<DB>;
/** A pool outside of a transaction, or one transaction: what a store function can run on. */
export type Queryable = Kysely<DB>;

export interface Database {
  pool: pg.Pool;
  db: Kysely<DB>;
  /** Runs `work` in one transaction: everything it wrote is there after it resolves, nothing after it throws. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A pool of connections. `options` are settings of their sessions. */
export function openPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    idleTimeoutMillis: 60_000,
    Client: PreparingClient,
    ...options,
  });
  // A connection that dies, idle or between two queries of its borrower, is replaced by the pool, and the next query
  // throws; without listeners the process would end.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

export function openDatabase(url: string, { max = 20 }: { max?: number } = {}): Database {
  const pool = openPool(url, { max });
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  return {
    pool,
    db,
    transaction: (work) => db.transaction().execute(work),
    close: () => db.destroy(),
  };
}
