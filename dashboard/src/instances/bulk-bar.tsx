import { Play, Square, Trash2, X } from 'lucide-react';
import { useState } from 'react';
import { common } from '../text/common.ts';
import { texts } from '../text/instances.ts';
import { Button, IconButton } from '../ui/button.tsx';
import type { Confirmation } from '../ui/dialog.tsx';
import { useInstanceActions, useReasonAgainst } from './actions.ts';
import type { Instance, Kind } from './kinds.ts';

/** What can be done with all selected instances at once; those that do not allow it are left out. */
export function BulkBar({
  kind,
  chosen,
  onConfirm,
  onDone,
}: {
  kind: Kind;
  chosen: readonly Instance[];
  onConfirm: (confirmation: Confirmation) => void;
  onDone: () => void;
}) {
  const { many } = useInstanceActions(kind);
  const reasonAgainst = useReasonAgainst();
  const [busy, setBusy] = useState(false);
  const able = (action: 'start' | 'stop' | 'delete') => chosen.filter((one) => !reasonAgainst(action, one));
  const [toStart, toStop, toDelete] = [able('start'), able('stop'), able('delete')];
  const blocked = (instances: readonly Instance[]) => instances.length === 0 && texts.noneAble;
  const start = async () => {
    setBusy(true);
    await many(kind.act.start!, toStart, texts.started);
    setBusy(false);
    onDone();
  };
  const ask = (confirmation: Omit<Confirmation, 'run'>, run: () => Promise<void>) =>
    onConfirm({ ...confirmation, run: () => run().then(onDone) });
  return (
    <div className="flex min-h-15 flex-wrap items-center gap-2 border-b border-line bg-accent-soft/60 px-5 py-3">
      <p className="mr-2 font-medium">{texts.selected(chosen.length)}</p>
      <Button icon={<Play />} busy={busy} blocked={blocked(toStart)} onClick={() => void start()}>
        {texts.start}
      </Button>
      <Button
        icon={<Square />}
        blocked={blocked(toStop)}
        onClick={() =>
          ask({ title: texts.stopSome(toStop.length), about: texts.stopAbout, action: texts.stop }, () =>
            many(kind.act.stop!, toStop, texts.stopped),
          )
        }
      >
        {texts.stop}
      </Button>
      <Button
        icon={<Trash2 />}
        blocked={blocked(toDelete)}
        onClick={() =>
          ask(
            {
              title: texts.deleteSome(toDelete.length),
              about: `${toDelete.map(({ name }) => name).join(', ')}. ${kind.text.deleteAbout}`,
              action: common.delete,
              danger: true,
              typed: texts.confirmCount(toDelete.length),
            },
            () => many(kind.remove, toDelete, texts.deleted),
          )
        }
      >
        {common.delete}
      </Button>
      <IconButton label={texts.clearSelection} className="ml-auto" onClick={onDone}>
        <X />
      </IconButton>
    </div>
  );
}
