import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { logFailure } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';

/** Minimum milliseconds between the starts of two runs. */
const PAUSE = 100;
/** Milliseconds before a lost connection is reopened. */
const RECONNECT_PAUSE = 1000;
/** Minimum milliseconds until a run for what falls due: what is due already is under way, or another process has it. */
const DUE_PAUSE = 1000;

export interface WakeUpOptions {
  databaseUrl: string;
  channel: string;
  log: Log;
  /** Most milliseconds between two runs, in case a notification is lost. */
  lookEvery: number;
  /**
   * Milliseconds until there is work that no notification tells of, such as a repetition; null: there is none. It is asked
   * after each run.
   */
  untilDue?: () => Promise<number | null>;
}

export interface WakeUp {
  /** Requests a run. Several requests in a short time lead to one run. */
  wake(): void;
  /** Asks anew when work falls due. */
  lookAhead(): Promise<void>;
  /** Waits for a run in progress, and prevents further ones. */
  stop(): Promise<void>;
}

/**
 * Runs `work` when any process notifies the database channel: at once if the last run was a while ago, else after 100
 * ms, so that a burst costs no more than polling would. It also runs at the beginning, after a lost connection is
 * reopened, every `lookEvery` milliseconds, and when work falls due.
 */
export function startWakeUp(
  { databaseUrl, channel, log, lookEvery, untilDue }: WakeUpOptions,
  work: () => Promise<void>,
): WakeUp {
  const stopping = new AbortController();
  const { signal } = stopping;
  let timer: NodeJS.Timeout | null = null;
  let later: NodeJS.Timeout | null = null;
  let begunAt = 0;
  // Also where the connection for notifications cannot be opened.
  let running = lookAhead();

  function wake(): void {
    if (signal.aborted) return;
    timer ??= setTimeout(begin, Math.max(0, begunAt + PAUSE - Date.now()));
  }

  function begin(): void {
    timer = null;
    begunAt = Date.now();
    running = running
      .then(work)
      .catch((error) => logFailure(log, error, 'woken in vain', { channel }))
      .then(lookAhead);
  }

  async function lookAhead(): Promise<void> {
    if (signal.aborted) return;
    const due = await untilDue?.().catch((error) => {
      logFailure(log, error, 'not known when work falls due', { channel });
      return null;
    });
    if (later) clearTimeout(later);
    if (signal.aborted) return;
    later = setTimeout(wake, Math.min(Math.max(due ?? lookEvery, DUE_PAUSE), lookEvery));
  }

  const listening = (async () => {
    while (!signal.aborted) {
      await listen(databaseUrl, channel, wake, signal).catch((error) =>
        logFailure(log, error, 'not listening', { channel }),
      );
      await delay(RECONNECT_PAUSE, undefined, { signal }).catch(() => {});
    }
  })();

  return {
    wake,
    lookAhead,
    async stop() {
      stopping.abort();
      if (timer) clearTimeout(timer);
      if (later) clearTimeout(later);
      await listening;
      await running;
    },
  };
}

/** Resolves when the connection ends, or should end. */
async function listen(
  databaseUrl: string,
  channel: string,
  notify: () => void,
  signal: AbortSignal,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, keepAlive: true });
  const ended = new Promise<void>((resolve) => {
    client.once('end', resolve);
    // The `end` event follows. Without a listener, the error would end the process.
    client.on('error', () => {});
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  client.on('notification', notify);
  try {
    await client.connect();
    await client.query(`listen ${channel}`);
    notify();
    await ended;
  } finally {
    await client.end();
  }
}
