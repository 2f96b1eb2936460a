export interface FairQueueOptions {
  /** How many are at work at once. */
  slots: number;
  /** How many of these may be of one key, so that there is room for others; all by default. */
  perKey?: number;
  /** How many may wait with one key; without a limit by default. */
  maxWaiting?: number;
  /** Milliseconds that one waits at most; without a limit by default. */
  patienceMs?: number;
}

/** Why one did not get a slot: too many wait with its key already (`full`), or it has waited for too long (`late`). */
export class NoSlot extends Error {
  readonly reason: 'full' | 'late';

  constructor(reason: 'full' | 'late') {
    super(reason === 'full' ? 'Too many are waiting.' : 'It has waited for too long.');
    this.reason = reason;
  }
}

/** What has the same key: how many are at work, and who waits, in the order of arrival. */
interface Line {
  key: string;
  atWork: number;
  waiting: Set<() => void>;
}

/**
 * Hands out slots of this process, to the keys in turn: however many wait with one key, the next of another key waits
 * for one slot at most. All steps take constant time.
 */
export class FairQueue {
  #free: number;
  readonly #perKey: number;
  readonly #maxWaiting: number;
  readonly #patienceMs: number;
  readonly #lines = new Map<string, Line>();
  /** The lines that someone waits in and that are below their bound, in turn. Empty while a slot is free. */
  readonly #turns = new Set<Line>();

  constructor({ slots, perKey = slots, maxWaiting = Infinity, patienceMs = Infinity }: FairQueueOptions) {
    this.#free = slots;
    this.#perKey = perKey;
    this.#maxWaiting = maxWaiting;
    this.#patienceMs = patienceMs;
  }

  /** Waits for a slot and resolves to the function that releases it. Rejects with {@link NoSlot}. */
  async enter(key: string): Promise<() => void> {
    const line = this.#lines.get(key) ?? { key, atWork: 0, waiting: new Set() };
    this.#lines.set(key, line);
    if (this.#free > 0 && line.atWork < this.#perKey) this.#take(line);
    else await this.#wait(line);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#release(line);
    };
  }

  /** Runs the work in a slot. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const release = await this.enter(key);
    try {
      return await work();
    } finally {
      release();
    }
  }

  #take(line: Line): void {
    this.#free -= 1;
    line.atWork += 1;
  }

  async #wait(line: Line): Promise<void> {
    if (line.waiting.size >= this.#maxWaiting) throw new NoSlot('full');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    line.waiting.add(resolve);
    if (line.atWork < this.#perKey) this.#turns.add(line);
    const giveUp = (): void => {
      if (!line.waiting.delete(resolve)) return;
      if (line.waiting.size === 0) this.#turns.delete(line);
      this.#forget(line);
      reject(new NoSlot('late'));
    };
    const timer = this.#patienceMs === Infinity ? undefined : setTimeout(giveUp, this.#patienceMs);
    await promise;
    clearTimeout(timer);
  }

  #release(line: Line): void {
    this.#free += 1;
    line.atWork -= 1;
    if (line.waiting.size > 0) this.#turns.add(line);
    else this.#forget(line);
    this.#admit();
  }

  #admit(): void {
    for (const line of this.#turns) {
      if (this.#free === 0) return;
      this.#turns.delete(line);
      const [first] = line.waiting;
      line.waiting.delete(first!);
      this.#take(line);
      // To the end of the turns.
      if (line.waiting.size > 0 && line.atWork < this.#perKey) this.#turns.add(line);
      first!();
    }
  }

  #forget(line: Line): void {
    if (line.atWork === 0 && line.waiting.size === 0) this.#lines.delete(line.key);
  }
}
