import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { logFailure } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';

/** Milliseconds from the beginning of one run of the work to that of the next. */
const PAUSE = 100;
/** Milliseconds until a connection that was lost is made anew. */
const RECONNECT_PAUSE = 1000;

export interface WakeUp {
  /** Has the work done soon. Many calls in a short time have it done once. */
  wake(): void;
  /** Resolves once the work is not under way any more, and is not done again. */
  stop(): Promise<void>;
}

/**
 * Does `work` whenever some process notifies the channel of the database: at once where it has been quiet, else every 100 ms,
 * so that a burst costs no more than looking all the time would. It is done once at the beginning, and where the connection
 * was lost for a while; work that cannot wait for that needs a timer of its own.
 */
export function startWakeUp(
  { databaseUrl, channel, log }: { databaseUrl: string; channel: string; log: Log },
  work: () => Promise<void>,
): WakeUp {
  const stopping = new AbortController();
  const { signal } = stopping;
  let timer: NodeJS.Timeout | null = null;
  let begunAt = 0;
  let running = Promise.resolve();

  function wake(): void {
    if (signal.aborted) return;
    timer ??= setTimeout(begin, Math.max(0, begunAt + PAUSE - Date.now()));
  }

  function begin(): void {
    timer = null;
    begunAt = Date.now();
    running = running.then(work).catch((error) => logFailure(log, error, 'woken in vain', { channel }));
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
    async stop() {
      stopping.abort();
      if (timer) clearTimeout(timer);
      await listening;
      await running;
    },
  };
}

/** Resolves when the connection ends, or is to end. */
async function listen(
  databaseUrl: string,
  channel: string,
  notify: () => void,
  signal: AbortSignal,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, keepAlive: true });
  const ended = new Promise<void>((resolve) => {
    client.once('end', resolve);
    // Its end follows, and the process must not end with it.
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
