const KEY = 'danube-reloaded';
/** A second reload within this time would not help either, in milliseconds. */
const ONCE_IN_MS = 30_000;

/** After an update of the server, this page asks for files that are gone: it is loaded anew, once. */
export function reloadWhenOutdated(): void {
  window.addEventListener('vite:preloadError', (event) => {
    const last = Number(sessionStorage.getItem(KEY) ?? 0);
    if (Date.now() - last < ONCE_IN_MS) return;
    event.preventDefault();
    sessionStorage.setItem(KEY, String(Date.now()));
    location.reload();
  });
}
