import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/database.ts';
import { queuedOperations } from './operations-store.ts';

const CHECK_MS = 1000;

/** Waits for `work`, or until an operation of a kind that makes it pointless is queued for the resource. */
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
      // A question that fails is asked again.
      const queued = waiting ? await queuedOperations(database.db, resourceId).catch(() => []) : [];
      if (queued.some(({ kind }) => superseding.has(kind))) return;
    }
  })();
  try {
    await Promise.race([work, superseded]);
  } finally {
    waiting = false;
    // It may still fail; nobody waits for it any more.
    work.catch(() => {});
  }
}
