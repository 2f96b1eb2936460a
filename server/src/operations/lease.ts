import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../db/database.ts';
import { logFailure } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';

const HEARTBEAT_SECONDS = 5;
/** A worker without a heartbeat for this long is dead; others take over its work. */
const DEAD_AFTER_SECONDS = 30;
/** Milliseconds after a heartbeat for which a worker takes for certain that nobody has taken it for dead. */
const CERTAIN_MS = 20_000;

/** In SQL: whether a worker is dead. */
export const isDead: RawBuilder<boolean> = sql<boolean>`heartbeat_at < now() - make_interval(secs => ${DEAD_AFTER_SECONDS})`;

/**
 * What keeps this process's workflows its own: a heartbeat in the database. A process that was paused for long, or could not
 * reach the database, may have been taken for dead meanwhile, and does not know which of its workflows others run now.
 */
export class WorkerLease {
  readonly #database: Database;
  readonly #executorId: string;
  #renewedAt: { steady: number; wall: number } | null = null;
  #doubts = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(database: Database, executorId: string) {
    this.#database = database;
    this.#executorId = executorId;
  }

  /** Raised each time that work may have been given to others: then each workflow has to ask whether it still is ours. */
  get doubts(): number {
    return this.#doubts;
  }

  /** Whether nobody can have taken over since the last heartbeat. */
  isCertain(): boolean {
    const at = this.#renewedAt;
    // The steady clock stands still while the machine sleeps, and the other one can be set.
    return (
      at !== null && performance.now() - at.steady < CERTAIN_MS && Math.abs(Date.now() - at.wall) < CERTAIN_MS
    );
  }

  /** Records a heartbeat. Throws where the database does not answer. */
  async renew(): Promise<void> {
    const first = this.#renewedAt === null;
    const renewedAt = { steady: performance.now(), wall: Date.now() };
    const row = await this.#database.db
      .insertInto('workers')
      .values({ id: this.#executorId })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ heartbeat_at: sql`now()` }))
      // A row that is new again was deleted by whoever took over.
      .returning(sql<boolean>`xmax = 0`.as('isNew'))
      .executeTakeFirstOrThrow();
    if (!first && (row.isNew || !this.isCertain())) this.#doubts += 1;
    this.#renewedAt = renewedAt;
  }

  /** Renews it regularly. A plain timer and not a reconciler, because every process needs its own. */
  keep(log: Log): void {
    const beat = () => this.renew().catch((error) => logFailure(log, error, 'heartbeat failed'));
    this.#timer = setInterval(beat, HEARTBEAT_SECONDS * 1000).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
