import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Archive, Plus } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { CreateRow } from '../code/create-row.tsx';
import { common } from '../text/common.ts';
import { storageText as text } from '../text/storage.ts';
import { Badge, Tag } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Copyable } from '../ui/copy.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { Switch, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { ListTable } from '../ui/list-table.tsx';
import { Empty, Section } from '../ui/page.tsx';
import { pathTo } from '../ui/path.ts';
import { RemoveButton } from '../ui/remove-button.tsx';
import { actionColumn, type Column } from '../ui/table.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { BUCKET_TONES, type Bucket, bucketsQuery } from './bucket-queries.ts';

const COLUMNS: readonly Column<Bucket>[] = [
  {
    id: 'name',
    title: text.name,
    sort: ({ name, display_name }) => display_name || name,
    cell: ({ id, name, display_name, public_access }) => (
      <div className="max-w-40 min-w-28 sm:max-w-80">
        <span className="flex flex-wrap items-center gap-2">
          <Link
            to={pathTo('/object-storage', id)}
            className="inline-block min-h-6 font-medium break-all hover:underline"
          >
            {display_name || name}
          </Link>
          {public_access && <Tag>{text.public}</Tag>}
        </span>
        {display_name && display_name !== name && (
          <span className="mt-1 block">
            <Copyable text={name} />
          </span>
        )}
      </div>
    ),
  },
  {
    id: 'status',
    title: common.status,
    sort: ({ status_label }) => status_label,
    cell: ({ status_label, status_details }) => (
      <Badge tone={BUCKET_TONES[status_details.health] ?? 'idle'}>{status_label}</Badge>
    ),
  },
  {
    id: 'size',
    title: text.size,
    right: true,
    from: 'sm',
    sort: ({ size_bytes }) => size_bytes,
    cell: ({ size_human }) => size_human,
  },
  {
    id: 'objects',
    title: text.objects,
    right: true,
    from: 'sm',
    sort: ({ object_count }) => object_count,
    cell: ({ object_count }) => object_count,
  },
  {
    id: 'endpoint',
    title: text.endpoint,
    from: 'lg',
    cell: ({ endpoint_url }) => (endpoint_url ? <Copyable text={endpoint_url} /> : '–'),
  },
];

/** The buckets of the team. */
export function Buckets() {
  const client = useQueryClient();
  const { data } = useQuery(bucketsQuery);
  const [isOpen, setOpen] = useState(false);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const remove = async (bucket: string) => {
    const params = { path: { bucket }, query: { force: 'true' as const } };
    tellSuccess((await answerOf(api.DELETE('/storage/buckets/{bucket}', { params }))).message);
    await client.invalidateQueries({ queryKey: ['bucket'] });
  };
  const create = (
    <Button look="primary" icon={<Plus />} onClick={() => setOpen(true)}>
      {text.create}
    </Button>
  );
  const actions = actionColumn<Bucket>(({ id, name }) => (
    <RemoveButton
      name={name}
      onAsk={setConfirmation}
      title={text.deleteTitle(name)}
      about={text.deleteAbout}
      action={common.delete}
      typed={name}
      run={() => remove(id)}
    />
  ));
  return (
    <Section title={text.buckets} flush actions={data?.length === 0 ? null : create}>
      {data?.length === 0 ? (
        <Empty icon={<Archive />} title={text.emptyTitle} action={create}>
          {text.emptyAbout}
        </Empty>
      ) : (
        <ListTable
          caption={text.buckets}
          columns={[...COLUMNS, actions]}
          rows={data}
          idOf={({ id }) => id}
          textOf={({ name, display_name }) => `${name} ${display_name ?? ''}`}
          expect={2}
        />
      )}
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.create} wide>
        <CreateForm onDone={() => setOpen(false)} />
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}

function CreateForm({ onDone }: { onDone: () => void }) {
  const client = useQueryClient();
  const { values, set, errors, busy, submit } = useForm('new bucket', {
    name: '',
    versioning_enabled: false,
    public_access: false,
    object_lock_enabled: false,
  });
  // What is off is not said: files that are locked are always kept in versions.
  const { object_lock_enabled, ...rest } = values;
  const creation = creationOf(
    '/storage/buckets',
    object_lock_enabled ? { ...rest, versioning_enabled: true, object_lock_enabled } : rest,
  );
  const send = async (key: string) => {
    tellSuccess((await create(creation, key)).message);
    void client.invalidateQueries({ queryKey: ['bucket'] });
    onDone();
  };
  return (
    <Form onSend={() => submit(send)}>
      <TextField
        label={text.name}
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <Switch
        label={text.versioning}
        hint={text.versioningAbout}
        checked={values.versioning_enabled}
        onChecked={(on) => set('versioning_enabled', on)}
      />
      <Switch
        label={text.publicAccess}
        hint={text.publicAbout}
        checked={values.public_access}
        onChecked={(on) => set('public_access', on)}
      />
      <Switch
        label={text.lock}
        hint={text.lockAbout}
        checked={object_lock_enabled}
        onChecked={(on) => set('object_lock_enabled', on)}
      />
      <CreateRow creation={creation} busy={busy}>
        {text.create}
      </CreateRow>
    </Form>
  );
}
