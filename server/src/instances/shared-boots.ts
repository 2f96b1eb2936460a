import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { openPool } from '../db/database.ts';
import { logFailure } from '../lib/failure.ts';
import { uuidv7 } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';

/** Milliseconds until it is asked again whether one that waits has its turn. */
const WHILE_WAITING = 100;
/** The same where none waits: the database takes a process that is silent for 10 seconds for gone. */
const WHILE_BOOTING = 2_000;
/** The same after the database did not answer. */
const AFTER_FAILURE = 1_000;

interface Boot {
  team: number;
  began: boolean;
  /** Tells it that it has its turn. */
  begin: () => void;
}

/**
 * Turns to boot instances that all processes of an install share, because they share the host: of `slots` at once, one is
 * left to other teams, and the next turn is of the team that has the fewest. The turns of a process that has died are free
 * after 10 seconds. While the database does not answer, nobody gets a new turn; what boots goes on.
 *
 * A process says again and again all that it wants, in one statement, so nothing is lost or kept by a failure in between.
 */
export class SharedBoots {
  readonly #pool: pg.Pool;
  readonly #log: Pick<Log, 'warn' | 'error'>;
  readonly #process = randomUUID();
  readonly #boots = new Map<string, Boot>();
  #slots = 1;
  #asking: Promise<void> = Promise.resolve();
  #isAsking = false;
  /** Something has changed since it was asked last. */
  #changed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(databaseUrl: string, log: Pick<Log, 'warn' | 'error'>) {
    // Connects at the first boot. A connection of its own does not wait for one of the requests'.
    this.#pool = openPool(databaseUrl, { max: 1 });
    this.#log = log;
  }

  /** Waits until the team has a turn among this many of all, and resolves to the function that gives it back. */
  async enter(teamId: number, slots: number): Promise<() => void> {
    this.#slots = slots;
    const id = uuidv7();
    const turn = Promise.withResolvers<void>();
    this.#boots.set(id, { team: teamId, began: false, begin: turn.resolve });
    this.#ask();
    await turn.promise;
    return () => {
      if (this.#boots.delete(id)) this.#ask();
    };
  }

  /** Gives back what is left. Call it once nothing enters any more. */
  async close(): Promise<void> {
    this.#boots.clear();
    await this.#asking;
    clearTimeout(this.#timer);
    await this.#askOnce().catch(() => undefined);
    await this.#pool.end();
  }

  #ask(): void {
    this.#changed = true;
    clearTimeout(this.#timer);
    if (!this.#isAsking) this.#asking = this.#askAll();
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    let pause = 0;
    while (this.#changed && pause === 0) {
      this.#changed = false;
      try {
        await this.#askOnce();
      } catch (error) {
        logFailure(this.#log, error, 'it is not known which instances may boot');
        pause = AFTER_FAILURE;
      }
    }
    this.#isAsking = false;
    if (this.#boots.size === 0 && pause === 0) return;
    const waits = Array.from(this.#boots.values()).some(({ began }) => !began);
    this.#timer = setTimeout(() => this.#ask(), pause || (waits ? WHILE_WAITING : WHILE_BOOTING)).unref();
  }

  async #askOnce(): Promise<void> {
    const mine = Array.from(this.#boots, ([id, { team, began }]) => ({ id, team, began }));
    const { rows } = await this.#pool.query<{ id: string }>('select ask_to_boot($1, $2, $3, $4) as id', [
      this.#process,
      JSON.stringify(mine),
      this.#slots,
      Math.max(1, this.#slots - 1),
    ]);
    for (const { id } of rows) {
      const boot = this.#boots.get(id);
      if (!boot || boot.began) continue;
      boot.began = true;
      boot.begin();
    }
  }
}
