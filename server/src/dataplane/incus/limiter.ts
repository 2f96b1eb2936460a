import { FairQueue } from '../../lib/fair-queue.ts';
import type { InstanceRef } from '../contract/refs.ts';

/** Runs work with the same key one after the other, and with different keys concurrently. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<unknown>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    // The next in line waits for the end, success or failure; each failure goes to its own caller.
    const tail = mine.catch(() => undefined);
    this.#tails.set(key, tail);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}

/** Waits for a free slot for an instance of the team, and resolves to the function that releases it. */
export type Grant = (teamId: number) => Promise<() => void>;

/** The same among this number of slots, which are those of all processes on the host. */
export type SharedGrant = (teamId: number, slots: number) => Promise<() => void>;

/** Grants this number of slots within the process, to teams in turn. One team leaves a slot for the others. */
export function grantSlots(slots: number): Grant {
  const queue = new FairQueue({ slots, perKey: Math.max(1, slots - 1) });
  return (teamId) => queue.enter(String(teamId));
}

/** Milliseconds after which a guest no longer counts as booting if nobody waits for it. */
const BOOT_TIME = 8_000;

/**
 * Limits how many guests boot at once: beyond a certain number they take longer together than one after the other. A
 * slot is held from the creation of a guest until it is ready (its SSH server or service answers), or for {@link
 * BOOT_TIME} if nobody waits for that.
 */
export class BootSlots {
  readonly #grant: Grant;
  readonly #booting = new Map<string, () => void>();

  constructor(grant: Grant) {
    this.#grant = grant;
  }

  /** Waits for a slot, which the guest holds until {@link leave}. */
  async enter({ teamId, name }: InstanceRef): Promise<void> {
    this.leave(name);
    const release = await this.#grant(teamId);
    const timer = setTimeout(() => this.leave(name), BOOT_TIME);
    timer.unref();
    this.#booting.set(name, () => {
      clearTimeout(timer);
      release();
    });
  }

  /** Releases the guest's slot, if it has one. */
  leave(name: string): void {
    this.#booting.get(name)?.();
    this.#booting.delete(name);
  }
}
