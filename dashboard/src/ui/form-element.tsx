import type { ReactNode } from 'react';
import { common } from '../text/common.ts';
import { Button } from './button.tsx';
import { useRefusals } from './refusals.ts';
import { LoadingContext, SendingContext, useLoadingParts } from './sending.ts';

/**
 * A form that is sent by `onSend`, not by the browser; and not before all its choices are there, nor by somebody who may not. Its
 * fields are below one another, where `className` says nothing else.
 */
export function Form({
  onSend,
  changes = true,
  noValidate,
  className = 'flex flex-col gap-5',
  children,
}: {
  onSend: () => void | Promise<void>;
  /** Whether it changes something; what only asks is for everybody who sees the page. */
  changes?: boolean;
  /** The browser checks nothing: what is wrong with a field is what the server says. */
  noValidate?: boolean;
  className?: string;
  children: ReactNode;
}) {
  const { isLoading, begin } = useLoadingParts();
  const { change } = useRefusals();
  const blocked = (changes ? change : null) ?? (isLoading ? common.choicesLoading : null);
  return (
    <LoadingContext value={begin}>
      <SendingContext value={blocked}>
        <form
          noValidate={noValidate}
          className={className}
          onSubmit={(event) => {
            event.preventDefault();
            if (!blocked) void onSend();
          }}
        >
          {children}
        </form>
      </SendingContext>
    </LoadingContext>
  );
}

/** The last line of a form in a dialog: the button that sends it. */
export function SubmitRow({
  busy,
  blocked,
  children,
}: {
  busy?: boolean;
  blocked?: string | false;
  children: ReactNode;
}) {
  return (
    <div className="flex justify-end">
      <Button type="submit" look="primary" busy={busy} blocked={blocked}>
        {children}
      </Button>
    </div>
  );
}
