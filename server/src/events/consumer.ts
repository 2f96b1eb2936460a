import type { Database, Tx } from '../db/database.ts';
import { type PlacedEvent, readEvents } from './store.ts';

/** Tables with the position up to which a consumer has handled the log. */
export type ProgressTable = 'webhook_progress' | 'notification_progress' | 'alert_progress';

/**
 * Handles the events since the last time, up to `batch`, in order: `handle` writes what follows from them, in the transaction
 * that moves the position. So each event is handled exactly once, wherever processes are killed. Any number of processes may
 * call it: only one is at work, and the others return at once. Returns whether there may be more.
 */
export async function consumeEvents(
  database: Database,
  table: ProgressTable,
  batch: number,
  handle: (tx: Tx, events: readonly PlacedEvent[]) => Promise<void>,
): Promise<boolean> {
  const { position } = await database.db.selectFrom(table).select('position').executeTakeFirstOrThrow();
  const events = await readEvents(database, position, batch);
  if (events.length === 0) return false;
  return database.transaction(async (tx) => {
    const unmoved = await tx
      .selectFrom(table)
      .select('position')
      .where('position', '=', position)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    // Another process is at it.
    if (!unmoved) return false;
    await handle(tx, events);
    await tx
      .updateTable(table)
      .set({ position: events.at(-1)!.position })
      .execute();
    return events.length === batch;
  });
}
