import { lazy, type ReactNode, Suspense, useState } from 'react';
import { common } from '../text/common.ts';
import { Button } from './button.tsx';
import { TextField } from './field.tsx';
import { Form } from './form-element.tsx';
import { tellFailure } from './toast.tsx';

export interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  about?: ReactNode;
  children?: ReactNode;
  wide?: boolean;
}

const DialogBox = lazy(() => import('./dialog-box.tsx'));

/** A dialog. Its code is loaded when the first one opens. */
export function Dialog(props: DialogProps) {
  const [wanted, setWanted] = useState(false);
  if (props.open && !wanted) setWanted(true);
  if (!wanted && !props.open) return null;
  return (
    <Suspense fallback={null}>
      <DialogBox {...props} />
    </Suspense>
  );
}

export interface Confirmation {
  title: string;
  about?: ReactNode;
  /** What the button says. */
  action: string;
  danger?: boolean;
  /** Must be typed first, where data is lost. */
  typed?: string | undefined;
  /** Closes the dialog when it succeeds; a failure is shown, and the dialog stays. */
  run: () => Promise<unknown>;
}

/** Asks before something is done that cannot be undone, or that others feel. */
export function ConfirmDialog({
  confirmation,
  onClose,
}: {
  confirmation: Confirmation | null;
  onClose: () => void;
}) {
  // Kept while the dialog fades out.
  const [shown, setShown] = useState(confirmation);
  if (confirmation && confirmation !== shown) setShown(confirmation);
  return (
    <Dialog open={confirmation !== null} onClose={onClose} title={shown?.title ?? ''} about={shown?.about}>
      {shown && <ConfirmForm key={shown.title} confirmation={shown} onClose={onClose} />}
    </Dialog>
  );
}

function ConfirmForm({ confirmation, onClose }: { confirmation: Confirmation; onClose: () => void }) {
  const { action, danger, typed, run } = confirmation;
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    try {
      await run();
      onClose();
    } catch (error) {
      tellFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form
      onSend={() => {
        if (!typed || text === typed) void submit();
      }}
    >
      {typed && (
        <TextField
          label={
            <>
              {common.typeToConfirm} <code className="font-mono font-normal break-all">{typed}</code>
            </>
          }
          value={text}
          onValue={setText}
        />
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common.cancel}</Button>
        <Button
          type="submit"
          look={danger ? 'danger' : 'primary'}
          busy={busy}
          blocked={typed && text !== typed ? common.typeFirst : null}
        >
          {action}
        </Button>
      </div>
    </Form>
  );
}
