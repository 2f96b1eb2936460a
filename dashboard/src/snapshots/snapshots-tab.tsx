import { useQuery } from '@tanstack/react-query';
import { Camera, Plus } from 'lucide-react';
import { useState } from 'react';
import type { Kind } from '../instances/kinds.ts';
import { snapshotText as text } from '../text/snapshots.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { Empty } from '../ui/page.tsx';
import { snapshotActions, snapshotsQuery } from './api.ts';
import { SnapshotTable, useSnapshotAction } from './snapshot-table.tsx';

/** The snapshots of an instance. */
export function SnapshotsTab({ kind, id }: { kind: Kind; id: string }) {
  const { data } = useQuery(snapshotsQuery({ kind, id }));
  const [isOpen, setOpen] = useState(false);
  const take = (
    <Button icon={<Plus />} onClick={() => setOpen(true)}>
      {text.take}
    </Button>
  );
  return (
    <div className="card overflow-hidden">
      {data?.length === 0 ? (
        <Empty icon={<Camera />} title={text.emptyTitle} action={take}>
          {text.emptyAbout}
        </Empty>
      ) : (
        <>
          <div className="flex min-h-15 items-center justify-end border-b border-line px-5 py-3">{take}</div>
          <SnapshotTable rows={data} />
        </>
      )}
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.take} about={text.takeAbout}>
        <TakeForm kind={kind} id={id} onDone={() => setOpen(false)} />
      </Dialog>
    </div>
  );
}

function TakeForm({ kind, id, onDone }: { kind: Kind; id: string; onDone: () => void }) {
  const run = useSnapshotAction();
  const { values, set, errors, busy, submit } = useForm(`snapshot ${id}`, { name: '', description: '' });
  return (
    <Form
      onSend={() =>
        submit(async (key) => {
          const { name, description } = values;
          await run(() =>
            snapshotActions.take(kind.name, id, { name, ...(description ? { description } : {}) }, key),
          );
          onDone();
        })
      }
    >
      <TextField
        label={text.name}
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <TextField
        label={text.description}
        optional
        value={values.description}
        errors={errors.description}
        onValue={(description) => set('description', description)}
      />
      <SubmitRow busy={busy}>{text.take}</SubmitRow>
    </Form>
  );
}
