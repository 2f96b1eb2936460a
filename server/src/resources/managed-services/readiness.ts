import { setTimeout as delay } from 'node:timers/promises';
import type { Compute } from '../../dataplane/contract/compute.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { InstanceRef } from '../../dataplane/contract/refs.ts';
import type { EngineState, Provider } from '../../services/provider.ts';
import { readLog } from './logs.ts';

/** Seconds from the start of an instance until its engine must answer; crash recovery can take minutes. */
const TIMEOUT_SECONDS = 600;
/** Seconds between two checks of how often the engine was started. */
const LOOK_SECONDS = 3;
/** This many starts within this many seconds count as a restart loop, for which waiting is pointless. */
const LOOP = { starts: 4, seconds: 60 };
/** Lines of the log in which the engine's last words are looked for. */
const LAST_LINES = 60;

/**
 * Resolves once the engine answers an authenticated query. Throws `timeout`, or `failed` long before that where the
 * engine exits right after each start; `provider` tells its words from others in the log.
 */
export async function waitUntilReady(plane: Compute, ref: InstanceRef, provider?: Provider): Promise<void> {
  const over = new AbortController();
  const ready = plane.waitForService(ref, TIMEOUT_SECONDS);
  try {
    await Promise.race([ready, failOnLoop(plane, ref, { provider, signal: over.signal })]);
  } finally {
    over.abort();
    // Its failure no longer matters, since no one waits for it.
    ready.catch(() => {});
  }
}

async function failOnLoop(
  plane: Compute,
  ref: InstanceRef,
  { provider, signal }: { provider: Provider | undefined; signal: AbortSignal },
): Promise<never> {
  for (;;) {
    // Never settles after the abort: the other side of the race has decided.
    if (await delay(LOOK_SECONDS * 1000, false, { signal, ref: false }).catch(() => true)) {
      return new Promise(() => {});
    }
    const state = await readState(plane, ref);
    const now = Date.now() / 1000;
    const recent = state?.starts.filter((start) => now - start <= LOOP.seconds) ?? [];
    // An engine that was asked to restart exits with status 0.
    if (recent.length < LOOP.starts || state?.last_exit === 0) continue;
    const said = provider ? await lastWords(plane, ref, provider) : null;
    throw new DataPlaneError(
      'failed',
      `The engine ends again right after each start${said === null ? '. Its log says why' : `, and says: ${said}`}. ` +
        'A parameter that it cannot run with, too little memory and a full disk are the usual causes. Mend that, then ' +
        'start it again.',
      { detail: `${ref.name}: ended with status ${state?.last_exit}` },
    );
  }
}

/** Characters of the engine's words in a message. */
const QUOTED = 500;

/** What the engine logged before it last ended: what it says of a parameter, or else the latest error. */
async function lastWords(plane: Compute, ref: InstanceRef, provider: Provider): Promise<string | null> {
  const text = await plane.control(ref, 'logs').catch(() => null);
  if (text === null) return null;
  const query = { since: null, until: null, cursor: null, level: null, limit: LAST_LINES };
  const { entries } = readLog(text, provider, query);
  const found =
    entries.findLast(({ message }) => provider.refusalLog.test(message)) ??
    entries.findLast(({ level }) => level === 'error');
  return found ? `"${found.message.replace(provider.refusalLog, '$1').slice(0, QUOTED)}"` : null;
}

/** Null where the guest does not answer now: the wait itself will find out why. */
async function readState(plane: Compute, ref: InstanceRef): Promise<EngineState | null> {
  try {
    return JSON.parse(await plane.control(ref, 'state')) as EngineState;
  } catch {
    return null;
  }
}
