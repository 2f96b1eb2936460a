import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { databaseOutage } from '../lib/failure.ts';

interface Failure {
  /** What it failed for: an id. */
  row: string;
  error: unknown;
}

/** What failed for single rows, in a pass that went on with all others. */
export class RowsFailed extends Error {
  readonly failures: readonly Failure[];

  constructor(failures: readonly Failure[]) {
    super(`It failed for ${failures.map(({ row }) => row).join(', ')}.`);
    this.name = 'RowsFailed';
    this.failures = failures;
  }
}

/** Milliseconds for which a row is set aside after its first failure, and at most after many. */
const FIRST_PAUSE = 60_000;
const LONGEST_PAUSE = 3_600_000;

/**
 * Rows for which a pass failed, and which the next ones leave out for a while. A pass that takes only the first few of the
 * rows that are due would otherwise take the same ones each time, and never come to those behind them.
 */
export class SetAside {
  readonly #rows = new Map<string, { until: number; pause: number }>();
  readonly #now: () => number;

  /** `now`: milliseconds, for tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The rows to leave out now. */
  ids(): string[] {
    const now = this.#now();
    for (const [row, { until, pause }] of this.#rows) if (until + pause < now) this.#rows.delete(row);
    return [...this.#rows].filter(([, { until }]) => until > now).map(([row]) => row);
  }

  /** The row failed. It is left out for a minute, and twice as long each time that it fails again soon after that. */
  add(row: string): void {
    const before = this.#rows.get(row)?.pause ?? FIRST_PAUSE / 2;
    const pause = Math.min(before * 2, LONGEST_PAUSE);
    this.#rows.set(row, { until: this.#now() + pause, pause });
  }
}

/**
 * Does the work for each row, one after the other. Rows belong to many teams, so what fails for one is kept from the
 * others: it is thrown at the end, as {@link RowsFailed}. Throws at once where the database or the data plane is away,
 * because the rest would fail as well. A row that failed is also set `aside`, by its name.
 */
export async function forEachRow<T>(
  rows: Iterable<T>,
  nameOf: (row: T) => string | number,
  work: (row: T) => Promise<unknown>,
  aside?: SetAside,
): Promise<void> {
  const failures: Failure[] = [];
  for (const row of rows) {
    try {
      await work(row);
    } catch (error) {
      if (isAway(error)) throw error;
      failures.push({ row: String(nameOf(row)), error });
      aside?.add(String(nameOf(row)));
    }
  }
  if (failures.length > 0) throw new RowsFailed(failures);
}

/** The parts of a pass, in order: rows that fail in one part do not keep the next from its work. */
export async function inTurn(...parts: (() => Promise<unknown>)[]): Promise<void> {
  const failures: Failure[] = [];
  for (const part of parts) {
    try {
      await part();
    } catch (error) {
      if (!(error instanceof RowsFailed)) throw error;
      failures.push(...error.failures);
    }
  }
  if (failures.length > 0) throw new RowsFailed(failures);
}

const isAway = (error: unknown): boolean =>
  databaseOutage(error) !== null || (error instanceof DataPlaneError && error.code === 'unreachable');
