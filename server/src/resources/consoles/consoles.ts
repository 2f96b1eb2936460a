import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { InstanceRef } from '../../dataplane/contract/refs.ts';
import type { TerminalSize } from '../../dataplane/contract/terminal.ts';
import type { Database } from '../../db/database.ts';
import { STANDING } from '../../http/authenticator.ts';
import { AppError } from '../../lib/errors.ts';
import { logFailure } from '../../lib/failure.ts';
import { uuidv7 } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import { Console, type ConsoleTimes } from './console.ts';
import { claimConsole, closeConsole, renewConsoles } from './store.ts';

export const CONSOLE_TIMES: ConsoleTimes = { graceMs: 60_000, idleMs: 30 * 60_000, pingMs: 20_000 };
/** Milliseconds between two looks whether who has opened a console may still use it. */
const CHECK = STANDING.lookEvery;
/** Looks after which the rows in the database are renewed. */
const RENEW_EVERY = 12;
/** Milliseconds after which a console ends whose right could not be checked. */
const UNCHECKED = 15_000;

/** Who uses a console. Rejects with an {@link AppError} when the right to it has ended. */
export type Access = () => Promise<unknown>;

interface Held {
  console: Console;
  access: Access;
  checkedAt: number;
  isChecking: boolean;
}

/** The shells that this process holds. */
export class Consoles {
  /** Names this process in the database. */
  readonly #process = uuidv7();
  readonly #held = new Map<string, Held>();
  readonly #closings = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #parts: { database: Database; plane: DataPlane; log: Log };
  readonly #times: ConsoleTimes;
  #loop: Promise<void> | null = null;

  constructor(parts: { database: Database; plane: DataPlane; log: Log }, times = CONSOLE_TIMES) {
    this.#parts = parts;
    this.#times = times;
  }

  /** Whether a console that this process holds, or may hold, has this id. */
  holds({ id, process }: { id: string; process: string | null }): boolean {
    return process === null || this.#held.has(id);
  }

  /** Connects a client to the console, whose shell is opened with its first client. */
  async connect(
    id: string,
    ref: InstanceRef,
    client: WebSocket,
    options: { position: number; size: TerminalSize; access: Access },
  ): Promise<void> {
    const { position, size, access } = options;
    const present = this.#held.get(id);
    if (present) {
      present.access = access;
      present.console.connect(client, position, size);
      return;
    }
    const console = new Console(this.#times);
    this.#held.set(id, { console, access, checkedAt: Date.now(), isChecking: false });
    this.#finish(id, console);
    this.#loop ??= this.#watch();
    console.connect(client, position, size);
    try {
      if (this.#stopping.signal.aborted || !(await claimConsole(this.#parts.database.db, id, this.#process)))
        return console.end('lost');
      await console.open((events) => this.#parts.plane.openTerminal(ref, size, events));
    } catch (error) {
      const code = error instanceof DataPlaneError ? error.code : null;
      if (code === 'invalid' || code === 'not_found') return console.end('not_running');
      console.end('failed');
      logFailure(this.#parts.log, error, 'a console could not be opened');
    }
  }

  /** Ends all consoles. Resolves when that is written down. */
  async close(): Promise<void> {
    this.#stopping.abort();
    for (const { console } of this.#held.values()) console.end('server_stopped');
    await this.#loop;
    await Promise.all(this.#closings);
  }

  /** Forgets the console, and writes it down, when it has ended. */
  #finish(id: string, console: Console): void {
    const closing = console.ended
      .then((end) => {
        this.#held.delete(id);
        return closeConsole(this.#parts.database, id, end);
      })
      // Whoever closes forgotten consoles does it then.
      .catch((error: unknown) => logFailure(this.#parts.log, error, 'the end of a console is not recorded'))
      .finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    for (let round = 1; !signal.aborted; round++) {
      await delay(CHECK, undefined, { signal, ref: false }).catch(() => {});
      for (const held of this.#held.values()) {
        held.console.check();
        void this.#checkAccess(held);
      }
      if (round % RENEW_EVERY === 0) await this.#renew();
    }
  }

  async #checkAccess(held: Held): Promise<void> {
    if (held.isChecking) return;
    held.isChecking = true;
    try {
      await held.access();
      held.checkedAt = Date.now();
    } catch (error) {
      if (error instanceof AppError && error.status < 429) held.console.end('access_ended');
      else if (Date.now() - held.checkedAt > UNCHECKED) held.console.end('unavailable');
    } finally {
      held.isChecking = false;
    }
  }

  async #renew(): Promise<void> {
    const { database, log } = this.#parts;
    try {
      const ids = [...this.#held.keys()];
      for (const id of await renewConsoles(database.db, this.#process, ids))
        this.#held.get(id)?.console.end('lost');
    } catch (error) {
      logFailure(log, error, 'consoles are not renewed');
    }
  }
}
