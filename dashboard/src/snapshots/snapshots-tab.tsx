import { useQuery } from '@tanstack/react-query';
import { Camera, Plus } from 'lucide-react';
import { useState } from 'react';
import { create } from '../api/creation.ts';
import { CreateRow } from '../code/create-row.tsx';
import type { Kind } from '../instances/kinds.ts';
import { snapshotText as text } from '../text/snapshots.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { NameFields } from '../ui/name-fields.tsx';
import { Empty } from '../ui/page.tsx';
import { useRefusals } from '../ui/refusals.ts';
import { snapshotsQuery, takingOf } from './api.ts';
import { useSnapshotAction } from './snapshot-menu.tsx';
import { SnapshotTimeline } from './timeline.tsx';

/** The snapshots of an instance. */
export function SnapshotsTab({ kind, id }: { kind: Kind; id: string }) {
  const { data } = useQuery(snapshotsQuery({ kind, id }));
  const [isOpen, setOpen] = useState(false);
  const { change } = useRefusals();
  const take = (
    <Button icon={<Plus />} blocked={change} onClick={() => setOpen(true)}>
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
          {data ? (
            <SnapshotTimeline instanceId={id} snapshots={data} />
          ) : (
            <div className="skeleton m-5 h-40" />
          )}
        </>
      )}
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.take} about={text.takeAbout} wide>
        <TakeForm kind={kind} id={id} onDone={() => setOpen(false)} />
      </Dialog>
    </div>
  );
}

function TakeForm({ kind, id, onDone }: { kind: Kind; id: string; onDone: () => void }) {
  const run = useSnapshotAction();
  const form = useForm(`snapshot ${id}`, { name: '', description: '' });
  const { values, busy, submit } = form;
  const { name, description } = values;
  const creation = takingOf(kind.name, id, { name, ...(description ? { description } : {}) });
  return (
    <Form
      onSend={() =>
        submit(async (key) => {
          await run(() => create(creation, key));
          onDone();
        })
      }
    >
      <NameFields text={text} form={form} />
      <CreateRow creation={creation} busy={busy}>
        {text.take}
      </CreateRow>
    </Form>
  );
}
