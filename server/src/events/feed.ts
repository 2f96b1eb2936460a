import type { Database } from '../db/database.ts';
import { startWakeUp, type WakeUp } from '../db/wake-up.ts';
import type { Log } from '../lib/log.ts';
import {
  EVENTS_CHANNEL,
  isOf,
  type PlacedEvent,
  readEvents,
  readLatest,
  readTeamEvents,
  type TeamEvents,
} from './store.ts';

/** Events that are kept in memory, for streams that are up to date. */
const KEPT = 2_000;
/** Events read at once. */
const BATCH = 500;
/** Events that a stream gets at once: few, as each keeps them until its client has read them. */
const PART = 100;
/** Milliseconds between looks at the log, in case a notification is lost. */
const LOOK_EVERY = 5_000;

/** What a reader has to go on with. */
export interface Reading {
  events: PlacedEvent[];
  /** Everything up to here was read. */
  position: number;
}

/**
 * The end of the log of events, for any number of streams. However many there are, one connection hears of new events,
 * and one query reads them; a stream that lags behind asks the database for what it missed. Starts with the first stream.
 */
export class EventFeed {
  readonly #database: Database;
  readonly #log: Log;
  /** The last events of all teams, in order: all those after `#floor`, up to `#position`. */
  #recent: PlacedEvent[] = [];
  #floor = 0;
  #position = 0;
  readonly #waiting = new Map<number, Set<() => void>>();
  #wakeUp: WakeUp | null = null;
  #starting: Promise<void> | null = null;

  constructor(database: Database, log: Log) {
    this.#database = database;
    this.#log = log;
  }

  /** What comes after that position; at most 100 events. */
  async read(wanted: TeamEvents, after: number): Promise<Reading> {
    await this.#start();
    if (after >= this.#floor) {
      const since = this.#since(after);
      // As in nearly all looks of a stream.
      if (since.length === 0) return { events: [], position: this.#position };
      const events = since.filter(isOf(wanted));
      const part = events.slice(0, PART);
      return { events: part, position: part.length < events.length ? part.at(-1)!.position : this.#position };
    }
    // Events after the feed's position may be there already; they are read again from memory.
    const position = this.#position;
    const found = await readTeamEvents(this.#database.db, wanted, after, PART);
    const events = found.filter((event) => event.position <= position);
    return { events, position: found.length < PART ? position : (events.at(-1)?.position ?? position) };
  }

  /** The position of the last event that was committed before the call. */
  latest(): Promise<number> {
    return readLatest(this.#database);
  }

  /**
   * Resolves when the team has an event after that position, `signal` is aborted, or so many milliseconds are over. Thousands of
   * streams wait at once, again and again, so that each turn costs a timer and no signal of its own.
   */
  async untilMore(teamId: number, after: number, signal: AbortSignal, most: number): Promise<void> {
    if (signal.aborted || after < this.#floor) return;
    if (this.#since(after).some((event) => event.team_id === teamId)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = () => resolve();
    const waiting = this.#waiting.get(teamId) ?? new Set();
    this.#waiting.set(teamId, waiting.add(over));
    const timer = setTimeout(over, most);
    signal.addEventListener('abort', over, { once: true });
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', over);
    waiting.delete(over);
    if (waiting.size === 0 && this.#waiting.get(teamId) === waiting) this.#waiting.delete(teamId);
  }

  /** What is kept of the events after that position. Looked for from the end, where nearly all streams are. */
  #since(after: number): PlacedEvent[] {
    return this.#recent.slice(this.#recent.findLastIndex(({ position }) => position <= after) + 1);
  }

  async close(): Promise<void> {
    await this.#starting?.catch(() => {});
    await this.#wakeUp?.stop();
  }

  #start(): Promise<void> {
    this.#starting ??= this.#begin().catch((error) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  async #begin(): Promise<void> {
    this.#position = await readLatest(this.#database);
    this.#floor = this.#position;
    const { url: databaseUrl } = this.#database;
    const options = { databaseUrl, channel: EVENTS_CHANNEL, log: this.#log, lookEvery: LOOK_EVERY };
    this.#wakeUp = startWakeUp(options, () => this.#look());
  }

  async #look(): Promise<void> {
    for (let count = BATCH; count === BATCH; ) {
      const events = await readEvents(this.#database, this.#position, BATCH);
      count = events.length;
      if (count === 0) return;
      this.#recent.push(...events);
      this.#position = events.at(-1)!.position;
      const over = this.#recent.length - KEPT;
      if (over > 0) this.#floor = this.#recent.splice(0, over).at(-1)!.position;
      for (const teamId of new Set(events.map(({ team_id }) => team_id))) {
        for (const over of this.#waiting.get(teamId) ?? []) over();
      }
    }
  }
}
