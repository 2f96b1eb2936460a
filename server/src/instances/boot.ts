import type { Compute } from '../dataplane/contract/compute.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { InstanceRef } from '../dataplane/contract/refs.ts';

/**
 * Waits for a started instance. If it has stopped meanwhile (it did not really start, or its first boot was
 * interrupted), it is started once more. Throws `stopped` where it stops again, and what `wait` throws.
 */
export async function untilItAnswers(
  plane: Compute,
  ref: InstanceRef,
  wait: (ref: InstanceRef) => Promise<void>,
): Promise<void> {
  try {
    await wait(ref);
  } catch (error) {
    if (!isStopped(error)) throw error;
    await plane.ensureRunning(ref);
    await wait(ref).catch((cause) => {
      throw isStopped(cause) ? new DataPlaneError('stopped', STOPS_AGAIN, { cause }) : cause;
    });
  }
}

const isStopped = (error: unknown): boolean => error instanceof DataPlaneError && error.code === 'stopped';

const STOPS_AGAIN =
  'It stopped by itself while it was starting, twice. Look at what it carries out when it boots, then start it again.';
