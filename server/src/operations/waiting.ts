import type { Database } from '../db/database.ts';
import { startWakeUp, type WakeUp } from '../db/wake-up.ts';
import type { Log } from '../lib/log.ts';
import { ENDED_CHANNEL } from './operations-store.ts';

/** How many requests of one team may wait at once, in this process. */
const PER_TEAM = 20;
/** Milliseconds between looks at the operations that are waited for, in case a notification is lost. */
const LOOK_EVERY = 2000;

interface Wait {
  operation: string;
  teamId: number;
  over: () => void;
}

/**
 * Requests that wait for operations to end. However many wait, they use no connection of the pool: one connection of
 * its own hears of ends, and one query looks for all of them. It is opened when the first request waits.
 */
export class OperationWaits {
  readonly #database: Database;
  readonly #log: Log;
  readonly #waits = new Set<Wait>();
  #wakeUp: WakeUp | null = null;
  #isClosing = false;

  constructor(database: Database, log: Log) {
    this.#database = database;
    this.#log = log;
  }

  /**
   * Resolves when the operation has ended, after `seconds`, when `signal` is aborted, or when the server closes. Resolves
   * at once where too many requests of the team wait already.
   */
  async untilEnded(operation: string, teamId: number, seconds: number, signal: AbortSignal): Promise<void> {
    if (this.#isClosing || this.#countOf(teamId) >= PER_TEAM || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = () => resolve();
    const wait = { operation, teamId, over };
    const timer = setTimeout(over, seconds * 1000);
    signal.addEventListener('abort', over, { once: true });
    this.#waits.add(wait);
    // It may have ended before it was waited for.
    this.#listen().wake();
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', over);
    this.#waits.delete(wait);
  }

  /** Whether the server closes: nothing waits any more. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Ends all waits, so that their requests are answered. */
  endAll(): void {
    this.#isClosing = true;
    for (const { over } of this.#waits) over();
  }

  async close(): Promise<void> {
    this.endAll();
    await this.#wakeUp?.stop();
  }

  #countOf(teamId: number): number {
    return Array.from(this.#waits).filter((wait) => wait.teamId === teamId).length;
  }

  #listen(): WakeUp {
    const { url: databaseUrl } = this.#database;
    const options = { databaseUrl, channel: ENDED_CHANNEL, log: this.#log, lookEvery: LOOK_EVERY };
    this.#wakeUp ??= startWakeUp(options, () => this.#look());
    return this.#wakeUp;
  }

  async #look(): Promise<void> {
    const wanted = [...new Set(Array.from(this.#waits, ({ operation }) => operation))];
    if (wanted.length === 0) return;
    const rows = await this.#database.db
      .selectFrom('operations')
      .select('id')
      .where('id', 'in', wanted)
      .where('state', 'in', ['succeeded', 'failed'])
      .execute();
    const ended = new Set(rows.map(({ id }) => id));
    for (const { operation, over } of this.#waits) if (ended.has(operation)) over();
  }
}
