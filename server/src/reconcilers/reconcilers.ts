import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Capacity, WriteRefusal } from '../dataplane/contract/capacity.ts';
import type { Database } from '../db/database.ts';
import { logFailure } from '../lib/failure.ts';
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
 * Passes of a process that are under way at once. Each holds a connection of the pool for its lock, and needs others for its
 * work: if all began at once, as at a start, they could take all connections, and wait for each other forever.
 */
const AT_ONCE = 8;

/** Lets so many pieces of work run at a time, in the order in which they came. */
function turns(most: number): (work: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = [];
  let free = most;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
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
  const inTurns = turns(AT_ONCE);
  const loops = reconcilers.map(async (reconciler) => {
    while (!stopping.signal.aborted) {
      try {
        await inTurns(async () => {
          if (!stopping.signal.aborted) await runOnce(database, reconciler, stopping.signal);
        });
      } catch (error) {
        if (!stopping.signal.aborted) logPass(log, reconciler.name, error);
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

/** The key of the advisory lock that the process running this reconciler holds, as SQL. */
export const reconcilerLock = (name: string) => sql<number>`hashtext(${`danube.reconciler.${name}`})`;

/**
 * Runs one pass, unless another process is running one. Returns whether it ran. Throws what the pass throws; one that
 * only failed for single rows counts as finished.
 */
export async function runOnce(
  database: Database,
  reconciler: Reconciler,
  stopping?: AbortSignal,
): Promise<boolean> {
  return database.db.connection().execute(async (connection) => {
    const key = reconcilerLock(reconciler.name);
    const lock = await sql<{ taken: boolean }>`select pg_try_advisory_lock(${key}) as taken`.execute(
      connection,
    );
    if (!lock.rows[0]!.taken) return false;
    try {
      const failed = await reconciler.run(stopping).catch((error: unknown) => {
        if (error instanceof RowsFailed) return error;
        throw error;
      });
      await connection
        .insertInto('reconcilers')
        .values({ name: reconciler.name })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ finished_at: sql`now()` }))
        .execute();
      if (failed) throw failed;
      return true;
    } finally {
      await sql`select pg_advisory_unlock(${key})`.execute(connection);
    }
  });
}
