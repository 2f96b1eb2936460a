export interface FairQueueOptions {
  /** How many are at work at once. */
  slots: number;
  /** How many of these may be of one key, so that there is room for others; all by default. */
  perKey?: number;
  /** The same while other keys ask for slots, until a second after the last of them did; `perKey` by default. */
  perKeyAmongOthers?: number;
  /** How many may wait with one key; without a limit by default. */
  maxWaiting?: number;
  /** Milliseconds that one waits at most; without a limit by default. */
  patienceMs?: number;
}

/** For how long a key counts as one that asks for slots, in milliseconds. */
const PRESENT_MS = 1000;

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

interface Asked {
  key: string;
  /** Milliseconds, of the clock that only goes forward. */
  at: number;
}

const NOBODY: Asked = { key: '', at: Number.NEGATIVE_INFINITY };

/**
 * Hands out slots of this process, to the keys in turn: however many wait with one key, the next of another key waits
 * for one slot at most. All steps take constant time, except for a look at all keys once a second while somebody waits.
 */
export class FairQueue {
  #free: number;
  readonly #perKey: number;
  readonly #perKeyAmongOthers: number;
  readonly #maxWaiting: number;
  readonly #patienceMs: number;
  readonly #lines = new Map<string, Line>();
  /** The lines that someone waits in and that were below their bound at their last move, in turn. */
  readonly #turns = new Set<Line>();
  #look: NodeJS.Timeout | undefined;
  /** The key that has asked last, and the last one before it that is another. */
  #asked: readonly [Asked, Asked] = [NOBODY, NOBODY];

  constructor(options: FairQueueOptions) {
    const { slots, perKey = slots, perKeyAmongOthers = perKey } = options;
    const { maxWaiting = Infinity, patienceMs = Infinity } = options;
    this.#free = slots;
    this.#perKey = perKey;
    this.#perKeyAmongOthers = perKeyAmongOthers;
    this.#maxWaiting = maxWaiting;
    this.#patienceMs = patienceMs;
  }

  /** Waits for a slot and resolves to the function that releases it. Rejects with {@link NoSlot}. */
  async enter(key: string): Promise<() => void> {
    const line = this.#lines.get(key) ?? { key, atWork: 0, waiting: new Set() };
    this.#lines.set(key, line);
    const [last, other] = this.#asked;
    this.#asked = [{ key, at: performance.now() }, last.key === key ? other : last];
    if (this.#free > 0 && line.waiting.size === 0 && this.#hasRoom(line)) this.#take(line);
    else await this.#wait(line);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#release(line);
    };
  }

  /** Whether so many wait with this key that one more would be refused. */
  isFull(key: string): boolean {
    return (this.#lines.get(key)?.waiting.size ?? 0) >= this.#maxWaiting;
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

  /** Whether the line is below its bound. */
  #hasRoom({ key, atWork }: Line): boolean {
    const [last, other] = this.#asked;
    const othersAskedAt = (last.key === key ? other : last).at;
    const isAlone = performance.now() - othersAskedAt > PRESENT_MS;
    return atWork < (isAlone ? this.#perKey : this.#perKeyAmongOthers);
  }

  #take(line: Line): void {
    this.#free -= 1;
    line.atWork += 1;
  }

  async #wait(line: Line): Promise<void> {
    if (line.waiting.size >= this.#maxWaiting) throw new NoSlot('full');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    line.waiting.add(resolve);
    if (this.#hasRoom(line)) this.#turns.add(line);
    this.#lookLater();
    const giveUp = (): void => {
      if (!line.waiting.delete(resolve)) return;
      if (line.waiting.size === 0) this.#turns.delete(line);
      this.#forget(line);
      reject(new NoSlot('late'));
    };
    const timer = this.#patienceMs === Infinity ? undefined : setTimeout(giveUp, this.#patienceMs);
    // Those before it, where there is room since the others have gone.
    this.#admit();
    await promise;
    clearTimeout(timer);
  }

  /**
   * Looks again at those who wait, every second while there are any. Nothing else tells that the others have gone, and all
   * that is at work with a key may itself wait for long.
   */
  #lookLater(): void {
    if (this.#perKeyAmongOthers === this.#perKey) return;
    this.#look ??= setTimeout(() => {
      this.#look = undefined;
      const waiting = Array.from(this.#lines.values()).filter((line) => line.waiting.size > 0);
      for (const line of waiting) if (this.#hasRoom(line)) this.#turns.add(line);
      this.#admit();
      if (waiting.length > 0) this.#lookLater();
    }, PRESENT_MS).unref();
  }

  #release(line: Line): void {
    this.#free += 1;
    line.atWork -= 1;
    if (line.waiting.size > 0 && this.#hasRoom(line)) this.#turns.add(line);
    this.#forget(line);
    this.#admit();
  }

  #admit(): void {
    for (const line of this.#turns) {
      if (this.#free === 0) return;
      this.#turns.delete(line);
      // Others may have come since it had room. Its next turn is when one of it ends.
      if (!this.#hasRoom(line)) continue;
      const [first] = line.waiting;
      line.waiting.delete(first!);
      this.#take(line);
      // To the end of the turns.
      if (line.waiting.size > 0 && this.#hasRoom(line)) this.#turns.add(line);
      first!();
    }
  }

  #forget(line: Line): void {
    if (line.atWork === 0 && line.waiting.size === 0) this.#lines.delete(line.key);
  }
}
