import { Kysely, PostgresDialect, type PostgresDialectConfig, PostgresDriver } from 'kysely';
import type pg from 'pg';
import type { Tx } from './database.ts';
import type { DB } from './schema.gen.ts';

/**
 * Runs `work` in the transaction that the caller has begun on this connection. The caller commits it, or rolls it back
 * where `work` throws.
 */
export function joinTransaction<T>(client: pg.PoolClient, work: (tx: Tx) => Promise<T>): Promise<T> {
  return new Kysely<DB>({ dialect: new JoiningDialect(client) }).transaction().execute(work);
}

/** Sends everything over one connection, which stays the caller's. */
class JoiningDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;

  constructor(client: pg.PoolClient) {
    const config = { pool: { connect: async () => client, end: async () => {}, options: {} } };
    super(config);
    this.#config = config;
  }

  override createDriver(): PostgresDriver {
    return new JoiningDriver(this.#config);
  }
}

/** Leaves the connection, and the beginning and end of the transaction, to the caller. */
class JoiningDriver extends PostgresDriver {
  override async beginTransaction(): Promise<void> {}
  override async commitTransaction(): Promise<void> {}
  override async rollbackTransaction(): Promise<void> {}
  override async releaseConnection(): Promise<void> {}
}
