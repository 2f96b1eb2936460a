import { sql } from 'kysely';
import type { Database } from './database.ts';

/** Milliseconds for which a write that worked is good. */
const MAX_AGE = 5_000;
/** Rows that are sorted with less memory than they need, which takes about 200 kB of the disk for a moment. */
const SPILL = 2_000;

/**
 * Resolves where a write worked in the last seconds: new bytes in a file, and a row that is durable. A full disk refuses
 * one of them: PostgreSQL has made files for its log in advance. Throws what PostgreSQL says otherwise.
 */
export function createWriteProbe(database: Database): () => Promise<void> {
  let workedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - workedAt < MAX_AGE) {
      await sql`select 1`.execute(database.db);
      return;
    }
    await tryToWrite(database);
    workedAt = performance.now();
  };
}

/** One write; throws where it does not work. */
export async function tryToWrite(database: Pick<Database, 'transaction'>): Promise<void> {
  await database.transaction(async (tx) => {
    await sql`set local work_mem = '64kB'`.execute(tx);
    await sql`select count(*) from (
      select md5(n::text) as text from generate_series(1, ${SPILL}::int) n order by text offset 1) as sorted`.execute(
      tx,
    );
    await sql`insert into write_probe values (true) on conflict (id) do update set written_at = now()`.execute(
      tx,
    );
  });
}
