import { setTimeout as delay } from 'node:timers/promises';

/** Something to keep up for as long as Danube runs: a daemon, a firewall table, a healthy pool. */
export interface Supervised {
  /** The name in log lines. */
  name: string;
  /** Starts it, or takes over a running one. Idempotent. Throws on failure. */
  ensure(): Promise<void>;
  /** Absent: it is started once and not watched. */
  isUp?(): boolean | Promise<boolean>;
  /** Interval between calls of `isUp`, in milliseconds. */
  intervalMs: number;
  /** Stops it; succeeds where it is not running. Absent: it keeps running. */
  stop?(): Promise<void>;
}

export interface Supervisor {
  /** Starts it (a failure of this first attempt is thrown), then keeps it up until {@link Supervisor.stop}. */
  add(component: Supervised): Promise<void>;
  /** Keeps it up from now on. The first attempt also runs in the background. */
  addInBackground(component: Supervised): void;
  /**
   * Stops watching, waits for attempts in progress (up to a limit), then stops all components, including those that
   * never came up. Throws the first error after trying all.
   */
  stop(): Promise<void>;
}

export interface SupervisorOptions {
  log: (message: string, level: 'info' | 'warn') => void;
  /** Wait before the second attempt in a row; doubles up to `maxBackoffMs`. */
  backoffMs?: number;
  maxBackoffMs?: number;
  /** A component that stayed up this long is restarted with the shortest wait again. */
  settledMs?: number;
}

/** Milliseconds to wait at the end for attempts in progress, which can take minutes. */
const STOP_MS = 10_000;

/** Restarts what dies: at once the first time, then with growing waits, with one log line each time. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const stopping = new AbortController();
  const loops: Promise<void>[] = [];
  const added: Supervised[] = [];
  const watch = (component: Supervised, up: boolean): void => {
    loops.push(keepUp(component, up, options, stopping.signal));
  };

  return {
    async add(component) {
      added.push(component);
      await component.ensure();
      if (component.isUp) watch(component, true);
    },
    addInBackground(component) {
      added.push(component);
      watch(component, false);
    },
    async stop() {
      stopping.abort();
      await Promise.race([Promise.all(loops), delay(STOP_MS, undefined, { ref: false })]);
      await stopAll(added);
    },
  };
}

/** Keeps the component up until the signal aborts; `upAlready`: its initial state. */
async function keepUp(
  component: Supervised,
  upAlready: boolean,
  { log, backoffMs = 500, maxBackoffMs = 30_000, settledMs = 60_000 }: SupervisorOptions,
  signal: AbortSignal,
): Promise<void> {
  const { name } = component;
  let up = upAlready;
  let wait = 0;
  let upSince = Date.now();
  while (!signal.aborted) {
    if (up) {
      await pause(component.intervalMs, signal);
      if (signal.aborted || (await isUp(component))) continue;
      if (Date.now() - upSince >= settledMs) wait = 0;
      log(`${name} is down: starting it again${wait > 0 ? ` in ${inSeconds(wait)}` : ''}`, 'warn');
    }
    up = false;
    if (wait > 0) await pause(wait, signal);
    if (signal.aborted) return;
    wait = Math.min(Math.max(wait * 2, backoffMs), maxBackoffMs);
    try {
      await component.ensure();
      up = true;
      upSince = Date.now();
      log(`${name} is up`, 'info');
    } catch (error) {
      log(`${name} did not start, next attempt in ${inSeconds(wait)}: ${messageOf(error)}`, 'warn');
    }
  }
}

/** Resolves early when the signal aborts. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal, ref: false }).catch(() => undefined);

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function stopAll(components: readonly Supervised[]): Promise<void> {
  const stopped = await Promise.allSettled(components.map((component) => component.stop?.()));
  const failed = stopped.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** A check that throws counts as down. */
async function isUp(component: Supervised): Promise<boolean> {
  try {
    return component.isUp ? await component.isUp() : true;
  } catch {
    return false;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
