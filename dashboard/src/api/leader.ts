import { newKey } from './client.ts';
import { pause } from './pause.ts';

/** How often the tab that leads says that it still does, and others ask whether one does, in milliseconds. */
const RENEW_MS = 1000;
/** After this long without, another may lead. Browsers slow the clocks of hidden tabs: then one that is seen takes over. */
const LEASE_MS = 4000;
/** Two tabs may begin at the same moment; after this long, the one that was later knows. */
const SETTLE_MS = 150;

type Lead = (signal: AbortSignal) => Promise<void>;

/** Calls `lead` in one tab of the browser at a time, until the signal; its own says that another tab leads now. */
export function leadAlone(name: string, signal: AbortSignal, lead: Lead): void {
  // Browsers only have locks over https and on localhost.
  if (navigator.locks) void navigator.locks.request(name, { signal }, () => lead(signal)).catch(ignoreAbort);
  // Storage may be forbidden: then every tab leads.
  else void leadByLease(name, signal, lead).catch(() => lead(signal));
}

/** Waiting for the lock ends with an error when it is given up. */
function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error;
}

async function leadByLease(name: string, signal: AbortSignal, lead: Lead): Promise<void> {
  const own = newKey();
  while (!signal.aborted) {
    if (holderOf(name) === null) {
      take(name, own);
      await unlessGivenUp(SETTLE_MS, signal);
    }
    if (holderOf(name) === own) await leadWhileHeld(name, own, signal, lead);
    else await unlessGivenUp(RENEW_MS, signal);
  }
}

async function leadWhileHeld(name: string, own: string, signal: AbortSignal, lead: Lead): Promise<void> {
  const lost = new AbortController();
  const giveUp = () => {
    if (holderOf(name) === own) localStorage.removeItem(name);
  };
  const timer = setInterval(() => {
    const holder = holderOf(name);
    if (holder === null || holder === own) take(name, own);
    else lost.abort();
  }, RENEW_MS);
  window.addEventListener('pagehide', giveUp);
  try {
    await lead(AbortSignal.any([signal, lost.signal]));
  } finally {
    clearInterval(timer);
    window.removeEventListener('pagehide', giveUp);
    giveUp();
  }
}

/** Who leads; null where nobody does any more. */
function holderOf(name: string): string | null {
  const [holder, until] = (localStorage.getItem(name) ?? '').split(' ');
  return holder && Number(until) > Date.now() ? holder : null;
}

const take = (name: string, own: string): void =>
  localStorage.setItem(name, `${own} ${Date.now() + LEASE_MS}`);

/** Waits; but not where another tab has just given up. */
const unlessGivenUp = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, signal, (go, listening) =>
    window.addEventListener('storage', ({ newValue }) => newValue === null && go(), { signal: listening }),
  );
