import { lazy, type ReactNode, Suspense, useId, useState } from 'react';
import type { Creation } from '../api/creation.ts';
import { codeText as text } from '../text/code.ts';
import { Button } from '../ui/button.tsx';

export const RequestCode = lazy(() => import('./request-code.tsx'));

/** The last line of a form that creates something: what it sends as code, and the button that sends it. */
export function CreateRow({
  creation,
  busy,
  children,
}: {
  creation: Creation;
  busy: boolean;
  children: ReactNode;
}) {
  const id = useId();
  const [isShown, setShown] = useState(false);
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <div className="flex flex-wrap justify-between gap-2">
        <Button look="ghost" aria-expanded={isShown} aria-controls={id} onClick={() => setShown(!isShown)}>
          {isShown ? text.hide : text.show}
        </Button>
        <Button type="submit" look="primary" busy={busy}>
          {children}
        </Button>
      </div>
      <div id={id} hidden={!isShown}>
        {isShown && (
          <Suspense fallback={<div className="skeleton h-40" />}>
            <RequestCode creation={creation} />
          </Suspense>
        )}
      </div>
    </div>
  );
}
