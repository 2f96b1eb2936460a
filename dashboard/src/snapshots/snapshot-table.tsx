import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Copy, Ellipsis, RotateCcw, ShieldCheck, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { kindOf } from '../instances/kinds.ts';
import { common } from '../text/common.ts';
import { snapshotText as text } from '../text/snapshots.ts';
import { Badge, Tag, type Tone } from '../ui/badge.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { Menu } from '../ui/menu.tsx';
import { pathTo } from '../ui/path.ts';
import { actionColumn, type Column, Table } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';
import { type Snapshot, snapshotActions } from './api.ts';

const TONES: Record<string, Tone> = {
  creating: 'busy',
  ready: 'good',
  restoring: 'busy',
  restore_failed: 'warn',
  failed: 'bad',
  destroying: 'busy',
};

const sizeOf = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(0)} MB` : '–';

const columns = (withInstance: boolean): Column<Snapshot>[] => [
  {
    id: 'name',
    title: text.name,
    cell: ({ name, reason, description, error }) => (
      <div className="max-w-80 min-w-36">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-medium break-words">{name}</span>
          {reason !== 'manual' && <Tag>{text.reasons[reason] ?? reason}</Tag>}
        </p>
        {(error ?? description) && (
          <p className="text-sm break-words text-quiet">{error?.message ?? description}</p>
        )}
      </div>
    ),
  },
  ...(withInstance
    ? [
        {
          id: 'instance',
          title: text.of,
          cell: ({ kind, instance }: Snapshot) =>
            instance ? (
              <Link to={pathTo(kindOf(kind)!.path, instance.id, 'snapshots')} className="hover:underline">
                {instance.name}
              </Link>
            ) : (
              <span className="text-quiet">–</span>
            ),
        },
      ]
    : []),
  {
    id: 'status',
    title: common.status,
    cell: ({ status }) => <Badge tone={TONES[status] ?? 'idle'}>{text.states[status] ?? status}</Badge>,
  },
  {
    id: 'drill',
    title: text.verified,
    from: 'md',
    cell: ({ verification }) =>
      verification ? (
        <span
          className={verification.ok ? 'text-good' : 'text-bad'}
          data-tip={verification.message ?? undefined}
        >
          {verification.ok ? text.drillOk(verification.seconds_to_restore ?? 0) : text.drillFailed}
        </span>
      ) : (
        <span className="text-quiet">–</span>
      ),
  },
  { id: 'size', title: text.size, right: true, from: 'sm', cell: ({ bytes }) => sizeOf(bytes) },
  {
    id: 'taken',
    title: text.taken,
    right: true,
    from: 'md',
    cell: ({ created_at }) => <AgoCell at={created_at} />,
  },
];

/** Snapshots with all that can be done with them. */
export function SnapshotTable({
  rows,
  withInstance = false,
}: {
  rows: readonly Snapshot[] | undefined;
  withInstance?: boolean;
}) {
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const [cloned, setCloned] = useState<Snapshot | null>(null);
  const run = useSnapshotAction();
  const menu = actionColumn<Snapshot>((snapshot) => {
    const blocked = snapshot.status !== 'ready' && snapshot.status !== 'restore_failed' && text.notReady;
    const ask = (
      title: string,
      about: string,
      action: string,
      work: () => Promise<{ message: string }>,
      danger = false,
    ) => setConfirmation({ title, about, action, danger, run: () => run(work) });
    return (
      <Menu
        label={`${common.more}: ${snapshot.name}`}
        className="inline-grid size-8 place-items-center rounded-lg text-quiet hover:bg-hover hover:text-ink [&_svg]:size-4"
        items={[
          {
            label: text.restore,
            icon: <RotateCcw />,
            blocked: blocked || (snapshot.instance ? false : text.notReady),
            run: () =>
              ask(text.restoreTitle(snapshot.name), text.restoreAbout, text.restore, () =>
                snapshotActions.restore(snapshot),
              ),
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
            run: () =>
              ask(
                text.deleteTitle(snapshot.name),
                text.deleteAbout,
                common.delete,
                () => snapshotActions.remove(snapshot),
                true,
              ),
          },
        ]}
      >
        <Ellipsis />
      </Menu>
    );
  });
  return (
    <>
      <Table
        caption={text.title}
        columns={[...columns(withInstance), menu]}
        rows={rows}
        idOf={({ kind, id }) => `${kind}-${id}`}
      />
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
      <Dialog open={cloned !== null} onClose={() => setCloned(null)} title={text.cloneTitle}>
        {cloned && <CloneForm snapshot={cloned} onDone={() => setCloned(null)} />}
      </Dialog>
    </>
  );
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
  return (
    <Form
      onSend={() =>
        submit(async () => {
          await run(() => snapshotActions.clone(snapshot, values.name));
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
      <SubmitRow busy={busy}>{text.clone}</SubmitRow>
    </Form>
  );
}
