import { sql } from 'kysely';
import type { Queryable } from '../db/database.ts';
import type { SecretBox } from '../lib/crypto.ts';

/** How much of a limit a process counts alone before it adds that to what all processes have counted. */
const ALONE = 0.05;
/** Counts of windows that have ended are forgotten whenever there are so many more. */
const SWEEP_EVERY = 10_000;

interface Count {
  key: string;
  window: number;
  /** Requests that were not added yet. */
  pending: number;
  /** When the window ends, in milliseconds since 1970. */
  endsAt: number;
}

/** A window as it is for all processes together. */
export interface Total {
  key: string;
  window: number;
  /** Requests of all processes, also those of this one that were not added yet. */
  requests: number;
  msLeft: number;
}

/**
 * Adds up in the database what several server processes count. No request waits for that: an account exceeds a limit by a
 * twentieth for each further process at most, and by what comes while the database is asked. Where it does not answer, each
 * process counts alone.
 */
export class SharedCounts {
  readonly #db: Queryable;
  readonly #secrets: SecretBox;
  readonly #counts = new Map<string, Count>();
  readonly #due = new Set<Count>();
  #isAdding = false;
  #sweepAt = SWEEP_EVERY;

  constructor(db: Queryable, secrets: SecretBox) {
    this.#db = db;
    this.#secrets = secrets;
  }

  /** Counts a request in a window that ends in `msLeft`. `learn` gets the window for all processes, some time later. */
  count(
    counted: { key: string; window: number; limit: number; msLeft: number },
    learn: (total: Total) => void,
  ): void {
    const { key, window, limit, msLeft } = counted;
    const count = this.#find(key, window, msLeft);
    count.pending += 1;
    if (count.pending < Math.ceil(limit * ALONE)) return;
    this.#due.add(count);
    if (!this.#isAdding) void this.#add(learn);
  }

  #find(key: string, window: number, msLeft: number): Count {
    const name = `${window} ${key}`;
    const found = this.#counts.get(name);
    if (found && found.endsAt > Date.now()) return found;
    const count = { key, window, pending: 0, endsAt: Date.now() + msLeft };
    this.#counts.set(name, count);
    if (this.#counts.size >= this.#sweepAt) {
      for (const [old, { endsAt }] of this.#counts) if (endsAt <= Date.now()) this.#counts.delete(old);
      this.#sweepAt = this.#counts.size + SWEEP_EVERY;
    }
    return count;
  }

  /** Adds all that is due, one statement after the other. */
  async #add(learn: (total: Total) => void): Promise<void> {
    this.#isAdding = true;
    try {
      while (this.#due.size > 0) {
        const counts = [...this.#due];
        this.#due.clear();
        for (const total of await this.#write(counts)) learn(total);
      }
    } catch {
      // The counts of this process still hold, and the next request that is counted tries again.
    } finally {
      this.#isAdding = false;
    }
  }

  async #write(counts: readonly Count[]): Promise<Total[]> {
    const byKey = new Map(counts.map((count) => [this.#keyOf(count), { count, sent: count.pending }]));
    // In one order everywhere, so that processes do not wait for each other.
    const rows = [...byKey.keys()].sort().map((key) => {
      const { count, sent } = byKey.get(key)!;
      return { key, sent, seconds: (count.endsAt - Date.now()) / 1000 };
    });
    const result = await sql<{ key: string; count: number; ms: number }>`
      insert into attempts as a (key, count, until)
      select decode(key, 'hex'), sent, now() + make_interval(secs => seconds)
      from jsonb_to_recordset(${JSON.stringify(rows)}) as r (key text, sent integer, seconds float8)
      on conflict (key) do update set
        count = case when a.until <= now() then excluded.count else a.count + excluded.count end,
        until = case when a.until <= now() then excluded.until else a.until end
      returning encode(key, 'hex') as key, count, (extract(epoch from until - now()) * 1000)::float8 as ms`.execute(
      this.#db,
    );
    return result.rows.map(({ key, count: all, ms }) => {
      const { count, sent } = byKey.get(key)!;
      count.pending -= sent;
      const msLeft = Math.max(1, ms);
      count.endsAt = Date.now() + msLeft;
      return { key: count.key, window: count.window, requests: all + count.pending, msLeft };
    });
  }

  #keyOf = ({ key, window }: Count): string =>
    this.#secrets.fingerprint(`requests\n${window}\n${key}`).toString('hex');
}
