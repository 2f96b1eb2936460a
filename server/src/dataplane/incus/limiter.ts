/** Runs work of the same key one after the other, and of different keys at once. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<unknown>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    // The next in line waits for the end, whatever it is; failures belong to their own caller.
    const tail = mine.catch(() => undefined);
    this.#tails.set(key, tail);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}

/** Lets so much work run at once; the rest waits in the order in which it came. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(slots: number) {
    this.#free = slots;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** Grants slots: resolves, once one is free, with what gives it back. */
export type Grant = () => Promise<() => void>;

/** So many slots of this process. */
export function grantSlots(slots: number): Grant {
  const semaphore = new Semaphore(slots);
  return () =>
    new Promise((granted) => {
      void semaphore.run(() => new Promise<void>((release) => granted(release)));
    });
}

/** Longest time in milliseconds that a guest counts as booting when nobody waits for it. */
const BOOT_TIME = 8_000;

/**
 * Slots for guests that boot. Many at once make each other slow, and all of them together slower than one after the
 * other; so a slot is held from the creation of a guest until it is ready (its SSH server or its service answers), or a
 * while if nobody asks.
 */
export class BootSlots {
  readonly #grant: Grant;
  readonly #booting = new Map<string, () => void>();

  constructor(grant: Grant) {
    this.#grant = grant;
  }

  /** Waits for a slot. It belongs to the named guest until {@link leave}. */
  async enter(name: string): Promise<void> {
    this.leave(name);
    const release = await this.#grant();
    const timer = setTimeout(() => this.leave(name), BOOT_TIME);
    timer.unref();
    this.#booting.set(name, () => {
      clearTimeout(timer);
      release();
    });
  }

  /** Gives the guest's slot back, if it has one. */
  leave(name: string): void {
    this.#booting.get(name)?.();
    this.#booting.delete(name);
  }
}
