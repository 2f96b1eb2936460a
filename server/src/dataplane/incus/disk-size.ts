import { DataPlaneError } from '../contract/errors.ts';
import type { IncusContext } from './context.ts';
import { IncusError, refusesLimit } from './errors.ts';

/**
 * Runs repeatable work that sets a disk's size. Btrfs may refuse it as if the disk were full: because its quota
 * counters are wrong, which a rescan repairs, or because the disk is full and being written to at this moment.
 */
export async function givingSize<T>({ host, log }: IncusContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!host || !refusesLimit(error)) throw error;
    log.warn({ err: error }, 'Btrfs refused the size of a disk; rescanning the quotas of all disks');
    await host.disks.recount();
  }
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof IncusError) || !refusesLimit(error)) throw error;
    throw new DataPlaneError('failed', 'The disk could not get its size yet.', {
      detail: error.said,
      retryable: true,
      cause: error,
    });
  }
}
