const KEY = 'danube-reloaded';
/** A second reload within this time would not help either, in milliseconds. */
const ONCE_IN_MS = 30_000;

/**
 * After an update of the server, this page asks for files that are gone: the page at `target`, where somebody was about to go,
 * is loaded anew, once.
 */
export function reloadWhenOutdated(target: () => string): void {
  window.addEventListener('vite:preloadError', (event) => {
    const last = Number(sessionStorage.getItem(KEY) ?? 0);
    if (Date.now() - last < ONCE_IN_MS) return;
    event.preventDefault();
    sessionStorage.setItem(KEY, String(Date.now()));
    if (target() === location.href.slice(location.origin.length)) location.reload();
    else location.assign(target());
  });
}
