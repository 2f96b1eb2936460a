import { openDatabase } from '../db/database.ts';
import { assertKnownSchema } from '../db/migrate.ts';
import { OperatorError } from './operator-error.ts';

/** Throws {@link OperatorError} where the schema is newer than this Danube; only reads. */
export async function refuseNewerDatabase(url: string): Promise<void> {
  const database = openDatabase(url, { max: 1 });
  try {
    await assertKnownSchema(database.db);
  } catch (cause) {
    throw new OperatorError((cause as Error).message, 'See "Upgrades" in docs/operations.md.', { cause });
  } finally {
    await database.close();
  }
}
