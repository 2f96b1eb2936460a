import type { Compute } from '../dataplane/contract/compute.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { InstanceRef } from '../dataplane/contract/refs.ts';

/**
 * Waits for a started instance, at most until `superseded`. If it has stopped meanwhile (it did not really start, or its
 * first boot was interrupted), it is started once more; never after `superseded`, because then something else may have
 * stopped it on purpose. Throws `stopped` where it stops again, and what `wait` throws.
 */
export async function untilItAnswers(
  plane: Pick<Compute, 'ensureRunning'>,
  ref: InstanceRef,
  wait: (ref: InstanceRef) => Promise<void>,
  superseded: Promise<void>,
): Promise<void> {
  // What is given up only looks at the guest, so it may go on.
  const answer = (): Promise<void> => Promise.race([superseded, wait(ref)]);
  try {
    await answer();
  } catch (error) {
    if (!isStopped(error)) throw error;
    await plane.ensureRunning(ref);
    await answer().catch((cause) => {
      throw isStopped(cause) ? new DataPlaneError('stopped', STOPS_AGAIN, { cause }) : cause;
    });
  }
}

const isStopped = (error: unknown): boolean => error instanceof DataPlaneError && error.code === 'stopped';

const STOPS_AGAIN =
  'It stopped by itself while it was starting, twice. Look at what it carries out when it boots, then start it again.';
