import { CircleCheck, TriangleAlert, X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { ApiError } from '../api/client.ts';
import { common } from '../text/common.ts';
import { IconButton } from './button.tsx';

interface Toast {
  id: number;
  tone: 'good' | 'bad';
  text: string;
  detail?: string | undefined;
}

/** How long a success stays, in milliseconds. Failures stay until they are closed. */
const SHOWN_MS = 6000;

let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

const close = (id: number): void => change(toasts.filter((toast) => toast.id !== id));

function add(tone: Toast['tone'], text: string, detail?: string): void {
  last += 1;
  const id = last;
  // Of equal ones, only the last.
  change([...toasts.filter((toast) => toast.text !== text).slice(-3), { id, tone, text, detail }]);
  if (tone === 'good') setTimeout(() => close(id), SHOWN_MS);
}

export const tellSuccess = (text: string): void => add('good', text);

/** A failure in words of our own. */
export class Told extends Error {}

/** Somebody has closed what asked for something: they know, so nobody is told. */
export class Abandoned extends Error {}

/** Shows what went wrong, with the id of the request where the server has answered. */
export function tellFailure(error: unknown): void {
  if (error instanceof Abandoned) return;
  // The session has ended: the sign-in page follows.
  if (error instanceof ApiError && error.code === 'unauthenticated') return;
  if (error instanceof ApiError) {
    const [field] = Object.values(error.fields).flat();
    add('bad', field ?? error.message, error.requestId ? common.requestId(error.requestId) : undefined);
  } else add('bad', error instanceof Told ? error.message : common.unreachable);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <section
      aria-live="polite"
      aria-label={common.notices}
      className="pointer-events-none fixed inset-x-4 bottom-4 z-50 flex flex-col items-end gap-2"
    >
      {shown.map(({ id, tone, text, detail }) => (
        <div
          key={id}
          className="appear pointer-events-auto flex w-full max-w-96 items-start gap-3 rounded-xl border border-line bg-raised py-2 pr-2 pl-4 shadow-float"
        >
          <span className={`mt-2 [&_svg]:size-4 ${tone === 'good' ? 'text-good' : 'text-bad'}`} aria-hidden>
            {tone === 'good' ? <CircleCheck /> : <TriangleAlert />}
          </span>
          <div className="min-w-0 flex-1 py-1.5">
            <p className="break-words">{text}</p>
            {detail && <p className="font-mono text-xs break-all text-quiet">{detail}</p>}
          </div>
          <IconButton label={common.close} onClick={() => close(id)}>
            <X />
          </IconButton>
        </div>
      ))}
    </section>
  );
}
