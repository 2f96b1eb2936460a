import { Trash2 } from 'lucide-react';
import { IconButton } from './button.tsx';
import type { Confirmation } from './dialog.tsx';
import { useRefusals } from './refusals.ts';

/** Asks before the thing called `name` is deleted, revoked or removed; which of them is what `action` says. */
export function RemoveButton({
  name,
  onAsk,
  ...confirmation
}: Omit<Confirmation, 'danger'> & { name: string; onAsk: (confirmation: Confirmation) => void }) {
  const { remove } = useRefusals();
  return (
    <IconButton
      label={`${confirmation.action}: ${name}`}
      blocked={remove}
      onClick={() => onAsk({ ...confirmation, danger: true })}
    >
      <Trash2 />
    </IconButton>
  );
}
