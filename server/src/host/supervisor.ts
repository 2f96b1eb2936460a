import { setTimeout as delay } from 'node:timers/promises';

/** Something that must be there for as long as Danube runs: a daemon, a firewall table, a healthy pool. */
export interface Part {
  name: string;
  /** Brings it up, or takes over what is up already. Idempotent. Throws when it cannot. */
  ensure(): Promise<void>;
  isUp(): boolean | Promise<boolean>;
  /** How often `isUp` is asked, in milliseconds. */
  intervalMs: number;
}

export interface Supervisor {
  /** Brings the part up (once, failures are thrown) and then keeps it up until {@link Supervisor.stop}. */
  add(part: Part): Promise<void>;
  /** Keeps the part up from now on; the first attempt runs in the background like every later one. */
  addInBackground(part: Part): void;
  /** Ends watching, and leaves everything running. Waits for attempts under way, within reason. */
  stop(): Promise<void>;
}

export interface SupervisorOptions {
  log: (message: string) => void;
  /** Wait before the second attempt in a row; doubles up to `maxBackoffMs`. */
  backoffMs?: number;
  maxBackoffMs?: number;
  /** A part that stayed up this long starts again with the shortest wait. */
  settledMs?: number;
}

/** An attempt that waits for a daemon to answer can take minutes; nobody who stops waits for that. */
const STOP_MS = 10_000;

/** Restarts what dies: at once the first time, then with growing waits, one log line each time. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { log, backoffMs = 500, maxBackoffMs = 30_000, settledMs = 60_000 } = options;
  const stopping = new AbortController();
  const loops: Promise<void>[] = [];

  /** Resolves early when the supervisor stops. */
  const pause = (ms: number): Promise<void> =>
    delay(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);

  async function keepUp(part: Part, upAlready: boolean): Promise<void> {
    let up = upAlready;
    let wait = 0;
    let upSince = Date.now();
    while (!stopping.signal.aborted) {
      if (up) {
        await pause(part.intervalMs);
        if (stopping.signal.aborted || (await isUp(part))) continue;
        if (Date.now() - upSince >= settledMs) wait = 0;
        log(`${part.name} is down: starting it again${wait > 0 ? ` in ${(wait / 1000).toFixed(1)} s` : ''}`);
      }
      up = false;
      if (wait > 0) await pause(wait);
      if (stopping.signal.aborted) return;
      wait = Math.min(Math.max(wait * 2, backoffMs), maxBackoffMs);
      try {
        await part.ensure();
        up = true;
        upSince = Date.now();
        log(`${part.name} is up`);
      } catch (error) {
        log(`${part.name} did not start, next attempt in ${(wait / 1000).toFixed(1)} s: ${messageOf(error)}`);
      }
    }
  }

  return {
    async add(part) {
      await part.ensure();
      loops.push(keepUp(part, true));
    },
    addInBackground(part) {
      loops.push(keepUp(part, false));
    },
    async stop() {
      stopping.abort();
      await Promise.race([Promise.all(loops), delay(STOP_MS, undefined, { ref: false })]);
    },
  };
}

/** A check that itself fails cannot say that the part is up. */
async function isUp(part: Part): Promise<boolean> {
  try {
    return await part.isUp();
  } catch {
    return false;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
