import { isBusy } from './errors.ts';

/** How long a verb waits for another operation on the same instance, and how often it retries, in milliseconds. */
export const BUSY_PATIENCE = 120_000;
const BUSY_PAUSE = 200;

/** Retries work while another operation on the instance is in the way. */
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
