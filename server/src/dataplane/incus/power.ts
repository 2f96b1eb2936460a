import type { InstanceRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { IncusError } from './errors.ts';
import { findDueToStart, findInstance, getInstance, instancePath, isAtWork } from './lookup.ts';
import { bridgeName, projectName } from './names.ts';
import { patiently } from './patience.ts';

/** Seconds between two shutdown requests to the guest. */
const ASK_SECONDS = 5;

/** Milliseconds after which a stopped instance is no longer assumed to be rebooting, and between two looks at it. */
const REBOOT_MS = 3_000;
const LOOK_MS = 250;
/** What Incus says where it has written `[none]` in the place of an address. */
const MISSING_ADDRESS = /parsing IP address "\[none\]"/;

export async function startInstance(context: IncusContext, ref: InstanceRef): Promise<void> {
  await thawInstance(context, ref);
  const start = (): Promise<void> =>
    changeState(context, ref, { action: 'start', timeout: 60 }, /already running/i, 'Running');
  try {
    await start();
  } catch (error) {
    if (!(error instanceof IncusError) || !MISSING_ADDRESS.test(error.said)) throw error;
    const bridge = bridgeName(context.installId, ref.teamId);
    if (!(await context.host?.removeMissingAddresses(bridge))) throw error;
    await start();
  }
}

/** Freezes all processes of a running guest. */
export async function freezeInstance(context: IncusContext, ref: InstanceRef): Promise<void> {
  try {
    await changeState(context, ref, { action: 'freeze', timeout: 30 }, /already frozen/i, 'Frozen');
  } catch (error) {
    if (!(error instanceof IncusError) || !/isn't running|not running/i.test(error.said)) throw error;
  }
}

/** Thaws a frozen guest. Does nothing in any other case. */
export async function thawInstance(context: IncusContext, ref: InstanceRef): Promise<void> {
  if ((await findInstance(context, ref))?.status !== 'Frozen') return;
  await changeState(context, ref, { action: 'unfreeze', timeout: 30 }, /already running/i, 'Running');
}

/**
 * Asks the guest to shut down, repeatedly, because a guest that is just booting ignores the first request. Powers it
 * off after `graceSeconds`.
 */
export async function stopInstance(
  context: IncusContext,
  ref: InstanceRef,
  graceSeconds: number,
): Promise<void> {
  const stopped = /already stopped|not running/i;
  // A frozen guest cannot react to the request, and Incus does not thaw it.
  await thawInstance(context, ref);
  for (let left = graceSeconds; left > 0; left -= ASK_SECONDS) {
    const timeout = Math.min(left, ASK_SECONDS);
    try {
      await changeState(context, ref, { action: 'stop', timeout }, stopped, 'Stopped');
      return;
    } catch (error) {
      if (!(error instanceof IncusError) || error.code === 'unreachable' || error.code === 'not_found') {
        throw error;
      }
    }
  }
  const switchOff = (): Promise<void> =>
    changeState(context, ref, { action: 'stop', timeout: 60, force: true }, stopped, 'Stopped');
  if (!context.host) return switchOff();
  await context.host.whileThawing(projectName(context.installId, ref.teamId), ref.name, switchOff);
}

async function changeState(
  context: IncusContext,
  ref: InstanceRef,
  change: { action: 'start' | 'stop' | 'freeze' | 'unfreeze'; timeout: number; force?: boolean },
  done: RegExp,
  wanted: string,
): Promise<void> {
  const { path, query } = instancePath(context, ref);
  await patiently(async () => {
    try {
      await context.client.request('PUT', `${path}/state`, change, { query });
    } catch (error) {
      if (!(error instanceof IncusError) || !done.test(error.said)) throw error;
      // "Already" may refer to a change in progress in the other direction.
      if (!(await lasts(context, ref, wanted))) throw new IncusError(409, 'the instance is busy');
    }
  });
}

/**
 * Whether an instance that has the wanted status already will keep it. Incus also calls an instance stopped while it starts
 * or reboots, and before it starts it together with itself.
 */
async function lasts(context: IncusContext, ref: InstanceRef, wanted: string): Promise<boolean> {
  const until = Date.now() + (wanted === 'Stopped' ? REBOOT_MS : 0);
  for (;;) {
    const found = await getInstance(context, ref);
    if (found.status !== wanted) return false;
    if (Date.now() >= until) return true;
    if (await isAtWork(context, ref)) return false;
    if ((await findDueToStart(context, [found])).size > 0) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
