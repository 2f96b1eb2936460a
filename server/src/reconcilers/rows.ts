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

/**
 * Does the work for each row, one after the other. Rows belong to many teams, so what fails for one is kept from the
 * others: it is thrown at the end, as {@link RowsFailed}. Throws at once where the database or the data plane is away,
 * because the rest would fail as well.
 */
export async function forEachRow<T>(
  rows: Iterable<T>,
  nameOf: (row: T) => string | number,
  work: (row: T) => Promise<unknown>,
): Promise<void> {
  const failures: Failure[] = [];
  for (const row of rows) {
    try {
      await work(row);
    } catch (error) {
      if (isAway(error)) throw error;
      failures.push({ row: String(nameOf(row)), error });
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
