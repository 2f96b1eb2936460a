import type { ReactNode } from 'react';
import { Button } from './button.tsx';

/** A form that is sent by `onSend`, not by the browser. Its fields are below one another, where `className` says nothing else. */
export function Form({
  onSend,
  noValidate,
  className = 'flex flex-col gap-5',
  children,
}: {
  onSend: () => void | Promise<void>;
  /** The browser checks nothing: what is wrong with a field is what the server says. */
  noValidate?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <form
      noValidate={noValidate}
      className={className}
      onSubmit={(event) => {
        event.preventDefault();
        void onSend();
      }}
    >
      {children}
    </form>
  );
}

/** The last line of a form in a dialog: the button that sends it. */
export function SubmitRow({ busy, children }: { busy?: boolean; children: ReactNode }) {
  return (
    <div className="flex justify-end">
      <Button type="submit" look="primary" busy={busy}>
        {children}
      </Button>
    </div>
  );
}
