import type { RawBuilder } from 'kysely';
import type { Queryable } from './database.ts';

/** Rows that are deleted in one statement, so that no lock is held for long. */
const BATCH = 5000;

/** Deletes rows in batches: a statement deletes at most so many rows. */
export async function deleteInBatches(
  db: Queryable,
  statement: (limit: number) => RawBuilder<unknown>,
  batch = BATCH,
): Promise<void> {
  for (;;) {
    const { numAffectedRows = 0n } = await statement(batch).execute(db);
    if (numAffectedRows < BigInt(batch)) return;
  }
}
