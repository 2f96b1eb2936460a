import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Capacity, WriteRefusal } from '../dataplane/contract/capacity.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { Database } from '../db/database.ts';
import { logFailure } from '../lib/failure.ts';
import { behindFence } from '../lib/fence.ts';
import type { Log } from '../lib/log.ts';
import { RowsFailed } from './rows.ts';

/** Compares rows with the actual state, and repairs differences. Takes no input and may run at any time. */
export interface Reconciler {
  name: string;
  everySeconds: number;
  /**
   * One pass. Work on the rows of many teams goes through `forEachRow`, so that one of them cannot stop the others.
   * `stopping` aborts when the server stops: a pass that takes long should end then.
   */
  run(stopping?: AbortSignal): Promise<void>;
}

/** What is known of all instances at once. */
export interface Observation {
  /** When the data plane was last compared with the rows; null before the first time. */
  comparedAt: Date | null;
  /** Why the disks of all instances take no writes; null: they do. */
  writeRefusal: WriteRefusal | null;
}

/** For what was accepted just now. */
export const NOTHING_SEEN: Observation = { comparedAt: null, writeRefusal: null };

export interface PassClock {
  observe(): Promise<Observation>;
}

/** The end of a reconciler's last pass in any process, and the state of the pool; both asked at most once a second. */
export function createPassClock(
  database: Database,
  plane: Pick<Capacity, 'findWriteRefusal'>,
  reconciler: string,
): PassClock {
  let readAt = 0;
  let value: Promise<Observation> = Promise.resolve(NOTHING_SEEN);
  const read = async (): Promise<Observation> => {
    const [row, writeRefusal] = await Promise.all([
      database.db
        .selectFrom('reconcilers')
        .select('finished_at')
        .where('name', '=', reconciler)
        .executeTakeFirst(),
      plane.findWriteRefusal(),
    ]);
    return { comparedAt: row?.finished_at ?? null, writeRefusal };
  };
  return {
    observe() {
      if (Date.now() - readAt < 1000) return value;
      readAt = Date.now();
      value = read();
      value.catch(() => {
        readAt = 0;
      });
      return value;
    },
  };
}

/**
 * Runs each reconciler in a loop until stopped, in one process of the install at a time: the one that holds its session
 * lock in PostgreSQL, which is released when that process dies.
 */
export function startReconcilers(
  database: Database,
  reconcilers: readonly Reconciler[],
  log: Log,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const began = performance.now();
  const loops = reconcilers.map(async (reconciler) => {
    while (!stopping.signal.aborted) {
      try {
        await runOnce(database, reconciler, stopping.signal);
      } catch (error) {
        const mayStillStart = performance.now() - began < STARTING_MS;
        if (mayStillStart && isUnreachable(error)) log.info(waiting(reconciler, error), 'reconciler waits');
        else if (!stopping.signal.aborted) logPass(log, reconciler.name, error);
      }
      await delay(reconciler.everySeconds * 1000, undefined, { signal: stopping.signal, ref: false }).catch(
        () => {},
      );
    }
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/**
 * Milliseconds after a start within which the data plane may not answer yet: Incus comes up while the API already serves.
 * Nothing is wrong then.
 */
const STARTING_MS = 60_000;

const isUnreachable = (error: unknown): error is DataPlaneError =>
  error instanceof DataPlaneError && error.code === 'unreachable';

const waiting = ({ name }: Reconciler, { message }: DataPlaneError) => ({
  reconciler: name,
  reason: message,
});

/** Rows that a line of the log each is written for, of those that failed in one pass. */
const LOGGED = 10;

function logPass(log: Log, reconciler: string, error: unknown): void {
  if (!(error instanceof RowsFailed)) {
    logFailure(log, error, 'reconciler failed', { reconciler });
    return;
  }
  const all = error.failures.length;
  for (const { row, error: why } of error.failures.slice(0, LOGGED)) {
    logFailure(log, why, 'reconciler failed for one, and went on', { reconciler, row, failed: all });
  }
}

/** The name of the lock that the process running this reconciler holds. */
export const reconcilerLock = (name: string): string => `danube.reconciler.${name}`;

/**
 * Runs one pass, unless one is under way here or in another process. Returns whether it ran. Throws what the pass throws;
 * one that only failed for single rows counts as finished. A pass that has lost its lock changes nothing any more on the
 * data plane, because another process may run one.
 */
export async function runOnce(
  database: Database,
  reconciler: Reconciler,
  stopping: AbortSignal = new AbortController().signal,
): Promise<boolean> {
  const ran = await database.locks.hold(reconcilerLock(reconciler.name), async ({ lost, confirm }) => {
    const pass = () => reconciler.run(AbortSignal.any([stopping, lost]));
    const failed = await behindFence(confirm, pass).catch((error: unknown) => {
      if (error instanceof RowsFailed) return error;
      throw error;
    });
    await confirm();
    await database.db
      .insertInto('reconcilers')
      .values({ name: reconciler.name })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ finished_at: sql`now()` }))
      .execute();
    if (failed) throw failed;
  });
  return ran !== null;
}
