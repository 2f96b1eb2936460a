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

/** Runs at most this many at once; others wait in order of arrival. */
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

/** Waits for a free slot and resolves to the function that releases it. */
export type Grant = () => Promise<() => void>;

/** Grants this number of slots within the process. */
export function grantSlots(slots: number): Grant {
  const semaphore = new Semaphore(slots);
  return () =>
    new Promise((granted) => {
      void semaphore.run(() => new Promise<void>((release) => granted(release)));
    });
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

  /** Waits for a slot, which the named guest holds until {@link leave}. */
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

  /** Releases the guest's slot, if it has one. */
  leave(name: string): void {
    this.#booting.get(name)?.();
    this.#booting.delete(name);
  }
}
