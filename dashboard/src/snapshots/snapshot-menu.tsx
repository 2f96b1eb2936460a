import { useQueryClient } from '@tanstack/react-query';
import { Copy, Ellipsis, RotateCcw, ShieldCheck, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { create } from '../api/creation.ts';
import { CreateRow } from '../code/create-row.tsx';
import { common } from '../text/common.ts';
import { snapshotText as text } from '../text/snapshots.ts';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Menu } from '../ui/menu.tsx';
import { useRefusals } from '../ui/refusals.ts';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import { cloningOf, type Snapshot, snapshotActions } from './api.ts';

/** What can be done with each snapshot, as a menu; `dialogs` must be shown once beside the menus. */
export function useSnapshotMenu(): { menuOf: (snapshot: Snapshot) => ReactNode; dialogs: ReactNode } {
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const [cloned, setCloned] = useState<Snapshot | null>(null);
  const run = useSnapshotAction();
  const { change, remove } = useRefusals();
  const menuOf = (snapshot: Snapshot) => {
    const isReady = snapshot.status === 'ready' || snapshot.status === 'restore_failed';
    const blocked = change ?? (isReady ? null : text.notReady);
    return (
      <Menu
        label={`${common.more}: ${snapshot.name}`}
        className="inline-grid size-8 place-items-center rounded-lg text-quiet hover:bg-hover hover:text-ink [&_svg]:size-4"
        items={[
          {
            label: text.restore,
            icon: <RotateCcw />,
            blocked: blocked ?? (snapshot.instance ? null : text.notReady),
            run: () =>
              setConfirmation({
                title: text.restoreTitle(snapshot.name),
                about: text.restoreAbout,
                action: text.restore,
                run: () => run(() => snapshotActions.restore(snapshot)),
              }),
          },
          {
            label: text.verify,
            icon: <ShieldCheck />,
            blocked,
            run: () => void run(() => snapshotActions.verify(snapshot)).catch(tellFailure),
          },
          ...(snapshot.kind === 'vps'
            ? []
            : [{ label: text.clone, icon: <Copy />, blocked, run: () => setCloned(snapshot) }]),
          'line',
          {
            label: common.delete,
            icon: <Trash2 />,
            danger: true,
            blocked: remove,
            run: () =>
              setConfirmation({
                title: text.deleteTitle(snapshot.name),
                about: text.deleteAbout,
                action: common.delete,
                danger: true,
                typed: snapshot.name,
                run: () => run(() => snapshotActions.remove(snapshot)),
              }),
          },
        ]}
      >
        <Ellipsis />
      </Menu>
    );
  };
  const dialogs = (
    <>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
      <Dialog open={cloned !== null} onClose={() => setCloned(null)} title={text.cloneTitle} wide>
        {cloned && <CloneForm snapshot={cloned} onDone={() => setCloned(null)} />}
      </Dialog>
    </>
  );
  return { menuOf, dialogs };
}

/** Runs an action, says what came of it, and reads anew what may have changed. */
export function useSnapshotAction() {
  const client = useQueryClient();
  return async (work: () => Promise<{ message: string }>) => {
    tellSuccess((await work()).message);
    void client.invalidateQueries();
  };
}

function CloneForm({ snapshot, onDone }: { snapshot: Snapshot; onDone: () => void }) {
  const run = useSnapshotAction();
  const { values, set, errors, busy, submit } = useForm(`clone ${snapshot.kind} ${snapshot.id}`, {
    name: `${snapshot.instance?.name ?? snapshot.kind}-clone`,
  });
  const creation = cloningOf(snapshot, values.name);
  return (
    <Form
      onSend={() =>
        submit(async (key) => {
          await run(() => create(creation, key));
          onDone();
        })
      }
    >
      <TextField
        label={text.cloneName}
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <CreateRow creation={creation} busy={busy}>
        {text.clone}
      </CreateRow>
    </Form>
  );
}
