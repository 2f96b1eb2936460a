import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/database.ts';
import { queuedOperations } from './operations-store.ts';

const CHECK_MS = 1000;

/** Waits for `work`, or until an operation that makes it pointless is queued for the resource. */
export async function unlessSuperseded(
  database: Database,
  resourceId: string,
  superseding: ReadonlySet<string>,
  work: Promise<void>,
): Promise<void> {
  let waiting = true;
  const superseded = (async () => {
    while (waiting) {
      await delay(CHECK_MS, undefined, { ref: false });
      // A query that fails is repeated.
      const queued = waiting ? await queuedOperations(database.db, resourceId).catch(() => []) : [];
      if (queued.some(({ kind }) => superseding.has(kind))) return;
    }
  })();
  try {
    await Promise.race([work, superseded]);
  } finally {
    waiting = false;
    // Its failure no longer matters, since no one waits for it.
    work.catch(() => {});
  }
}
