import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/database.ts';
import { queuedOperations } from './operations-store.ts';

const CHECK_MS = 1000;

/**
 * Runs `work`, which gets a promise that resolves once an operation that makes it pointless is queued for the resource.
 * The operation begins as soon as `work` has ended, so work must end soon after that, and leave nothing behind that still
 * changes the resource.
 */
export async function unlessSuperseded(
  database: Database,
  resourceId: string,
  superseding: ReadonlySet<string>,
  work: (superseded: Promise<void>) => Promise<void>,
): Promise<void> {
  let over = false;
  const superseded = (async () => {
    while (!over) {
      await delay(CHECK_MS, undefined, { ref: false });
      // A query that fails is repeated.
      const queued = over ? [] : await queuedOperations(database.db, resourceId).catch(() => []);
      if (queued.some(({ kind }) => superseding.has(kind))) return;
    }
  })();
  try {
    await work(superseded);
  } finally {
    over = true;
  }
}
