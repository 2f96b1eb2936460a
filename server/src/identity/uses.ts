import { type RawBuilder, sql } from 'kysely';
import { logFailure } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';
import { setBounded } from './remembered.ts';

/** Milliseconds between two records of the last use. */
const TOUCH_INTERVAL = 60_000;

export interface LastUse {
  last_used_at: RawBuilder<Date>;
  last_used_ip: string;
}

/** Records the uses of credentials in the background, so that requests do not wait for it. */
export class Uses<Id> {
  readonly #log: Log;
  readonly #noun: string;
  readonly #touched = new Map<Id, number>();
  readonly #writes = new Set<Promise<void>>();

  /** `noun`: what a credential is called in the log. */
  constructor(log: Log, noun: string) {
    this.#log = log;
    this.#noun = noun;
  }

  /** Records the last use, at most once a minute. */
  touch(id: Id, ip: string, write: (lastUse: LastUse) => Promise<unknown>): void {
    const now = Date.now();
    if (now - (this.#touched.get(id) ?? 0) < TOUCH_INTERVAL) return;
    setBounded(this.#touched, id, now);
    this.write(id, write({ last_used_at: sql<Date>`now()`, last_used_ip: ip.replace(/%.*$/, '') }));
  }

  /** Lets a write go on. */
  write(id: Id, work: Promise<unknown>): void {
    const written = work
      .then(
        () => {},
        (error: unknown) =>
          logFailure(this.#log, error, `use of a ${this.#noun} not written`, { [this.#noun]: id }),
      )
      .finally(() => this.#writes.delete(written));
    this.#writes.add(written);
  }

  /** Resolves when no write is pending. */
  async settle(): Promise<void> {
    await Promise.all(this.#writes);
  }
}
