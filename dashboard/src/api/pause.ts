/**
 * Waits for so many milliseconds, or until the signal; or until `listen` calls `go`: it is given that, and a signal for its
 * listeners, which ends with the pause.
 */
export function pause(
  ms: number,
  signal: AbortSignal,
  listen: (go: () => void, listening: AbortSignal) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const done = new AbortController();
    const go = () => {
      done.abort();
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(go, ms);
    signal.addEventListener('abort', go, { signal: done.signal });
    listen(go, done.signal);
  });
}
