import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Queryable, Tx } from '../db/database.ts';
import { behindFence, FencedOff } from '../lib/fence.ts';
import type { OperationError } from './operation.ts';
import { QUEUE_CHANNEL } from './operations-store.ts';

/** How long a step may go on once its operation is to end, and each step that cleans up, in milliseconds. */
export const END_PATIENCE = { step: 10_000, undo: 120_000 };

/** Why an operation failed that an operator has ended. */
export const ENDED: OperationError = {
  code: 'ended_by_operator',
  message: 'The operator has ended this operation, because it did not end by itself.',
  retryable: true,
};

/**
 * Asks for the end of an operation. The worker that carries it out lets it fail as it fails by itself: what was half done is
 * cleaned up, and whatever waits behind it fails as well. Returns false where it has ended, or has not had its turn yet.
 */
export async function requestEnd(tx: Tx, id: string): Promise<boolean> {
  const row = await tx
    .updateTable('operations')
    .set({ end_requested_at: sql<Date>`coalesce(end_requested_at, now())` })
    .where('id', '=', id)
    .where('state', 'in', ['pending', 'running'])
    .returning(sql`pg_notify(${QUEUE_CHANNEL}, '')`.as('notified'))
    .executeTakeFirst();
  return row !== undefined;
}

/** A step that was given up, because its operation is to end. */
export class GivenUp extends Error {}

/** Whether one operation is to end. */
export class Ending {
  readonly #requested = Promise.withResolvers<void>();
  #isRequested = false;

  get isRequested(): boolean {
    return this.#isRequested;
  }

  /** Resolves when it is to end. */
  get requested(): Promise<void> {
    return this.#requested.promise;
  }

  request(): void {
    this.#isRequested = true;
    this.#requested.resolve();
  }

  /**
   * Runs an attempt of a step. Throws {@link GivenUp} where it has not ended `patience` milliseconds after the operation was
   * to end: what it still does changes nothing outside the database then.
   */
  async limit(patience: number, attempt: () => Promise<void>): Promise<void> {
    let isOver = false;
    const settled = new AbortController();
    const fence = async (): Promise<void> => {
      if (isOver) throw new FencedOff();
    };
    const running = behindFence(fence, attempt);
    const patienceEnds = this.requested
      .then(() => delay(patience, undefined, { signal: settled.signal }))
      .then(() => {
        isOver = true;
        throw new GivenUp();
      });
    // Whichever is later has nobody to tell.
    for (const one of [running, patienceEnds]) one.catch(() => {});
    try {
      await Promise.race([running, patienceEnds]);
    } finally {
      settled.abort();
    }
  }
}

/** The operations that this process carries out. */
export class Endings {
  readonly #atWork = new Map<string, Ending>();

  begin(operationId: string): Ending {
    const ending = new Ending();
    this.#atWork.set(operationId, ending);
    return ending;
  }

  forget(operationId: string): void {
    this.#atWork.delete(operationId);
  }

  /** Looks which of them are to end. */
  async look(db: Queryable): Promise<void> {
    if (this.#atWork.size === 0) return;
    const rows = await db
      .selectFrom('operations')
      .select('id')
      .where('end_requested_at', 'is not', null)
      .where(sql<boolean>`state in ('pending', 'running')`)
      .execute();
    for (const { id } of rows) this.#atWork.get(id)?.request();
  }
}
