/**
 * One Ctrl-C can arrive several times: from the terminal, from npm and from the launcher. Signals within this time of
 * the first, in milliseconds, count as the same request; a later one ends the process at once.
 */
const SAME_REQUEST_MS = 1500;

export interface StopSignal {
  /** Resolves with the reason at the first request to stop. */
  requested: Promise<string>;
}

/**
 * Listens for requests to stop: SIGINT, SIGTERM, SIGHUP, or the launcher's exit. A second request ends the process at
 * once.
 */
export function listenForStop(): StopSignal {
  let firstAt = 0;
  const requested = new Promise<string>((resolve) => {
    const request = (reason: string): void => {
      if (firstAt === 0) {
        firstAt = Date.now();
        resolve(reason);
      } else if (Date.now() - firstAt > SAME_REQUEST_MS) {
        process.stderr.write('danube: stopping at once; the next start takes over what still runs.\n');
        process.exit(130);
      }
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => request(name));
    if (process.connected) {
      process.once('disconnect', () => request('the launcher is gone'));
      // The open channel alone must not keep the process alive.
      process.channel?.unref();
    }
  });
  return { requested };
}
