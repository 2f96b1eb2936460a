import { DataPlaneError } from '../contract/errors.ts';
import type { IncusContext } from './context.ts';
import { IncusError, refusesLimit } from './errors.ts';

/**
 * Runs work that gives a disk its size, which can be repeated. Btrfs may refuse that as if the disk were full: where it
 * has lost count, which counting anew mends, and where a disk is full and written to at this moment.
 */
export async function givingSize<T>({ host, log }: IncusContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!host || !refusesLimit(error)) throw error;
    log.warn({ err: error }, 'a disk could not get its size; counting what is on all disks anew');
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
