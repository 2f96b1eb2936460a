import { isBusy } from './errors.ts';

/** How long a verb waits for another operation on the same instance, in milliseconds, and how often it looks. */
export const BUSY_PATIENCE = 120_000;
const BUSY_PAUSE = 200;

/** Repeats work that another operation on the instance keeps from running. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + BUSY_PATIENCE;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE));
    }
  }
}
