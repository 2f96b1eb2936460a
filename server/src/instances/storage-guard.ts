import { statfs } from 'node:fs/promises';
import type { Capacity } from '../dataplane/contract/capacity.ts';
import { AppError } from '../lib/errors.ts';
import { storageRefuses } from './room.ts';

/** What is promised is stored in two places: in the pool, and before that in Danube's own database. */
export interface StorageGuard {
  /**
   * Throws `unavailable` where one of them takes no writes at this moment, or the database soon will not. The row
   * `capacity` says that of the pool too, but seconds later.
   */
  assertTakesWrites(): Promise<void>;
}

/**
 * Bytes that must be free on the database's disk before anything is promised. PostgreSQL writes its log to files that it
 * has made in advance, so it accepts a request when it has no room left for the work that follows.
 */
export const DATABASE_RESERVE = 256 * 1024 ** 2;

/** `databaseFolder` is where the database is stored; null where that is not on this host. */
export const createStorageGuard = (
  plane: Pick<Capacity, 'findWriteRefusal'>,
  databaseFolder: string | null,
): StorageGuard => ({
  async assertTakesWrites() {
    const refusal = await plane.findWriteRefusal();
    if (refusal) throw storageRefuses(refusal);
    if (databaseFolder === null) return;
    const { bavail, bsize } = await statfs(databaseFolder);
    if (bavail * bsize < DATABASE_RESERVE) throw databaseNearlyFull();
  },
});

const databaseNearlyFull = (): AppError =>
  new AppError(
    'unavailable',
    'The disk of this install is nearly full: nothing new is begun, so that what is there goes on. Its operator has to ' +
      'make room; then it works again by itself. Try again later.',
    { extra: { reason: 'database_nearly_full' } },
  );
