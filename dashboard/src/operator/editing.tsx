import { Pencil } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { IconButton } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';

interface Options<T> {
  /** What the button of a row does. */
  label: (row: T) => string;
  icon?: ReactNode;
  /** The title of the dialog; by default as the button. */
  title?: (row: T) => string;
  about?: (row: T) => ReactNode;
  form: (row: T, onDone: () => void) => ReactNode;
}

/** Edits one row of a table in a dialog: the button of each row, and the dialog. */
export function useEditing<T>({ label, icon, title = label, about, form }: Options<T>) {
  const [edited, setEdited] = useState<T | null>(null);
  const close = () => setEdited(null);
  return {
    button: (row: T) => (
      <IconButton label={label(row)} onClick={() => setEdited(row)}>
        {icon ?? <Pencil />}
      </IconButton>
    ),
    dialog: (
      <Dialog
        open={edited !== null}
        onClose={close}
        title={edited ? title(edited) : ''}
        about={edited && about?.(edited)}
      >
        {edited && form(edited, close)}
      </Dialog>
    ),
  };
}
