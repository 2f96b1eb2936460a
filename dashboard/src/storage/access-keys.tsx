import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { wholeList } from '../api/whole-list.ts';
import { CreateRow } from '../code/create-row.tsx';
import { storageText as text } from '../text/storage.ts';
import { Button } from '../ui/button.tsx';
import { Code, Copyable } from '../ui/copy.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { ListTable } from '../ui/list-table.tsx';
import { Empty, Section } from '../ui/page.tsx';
import { useRefusals } from '../ui/refusals.ts';
import { RemoveButton } from '../ui/remove-button.tsx';
import { actionColumn, type Column } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { bucketsQuery } from './bucket-queries.ts';

type AccessKey = components['schemas']['AccessKey'];
type Created = components['schemas']['AccessKeyCreated'];

const keysQuery = {
  queryKey: ['access_key', 'list'],
  queryFn: () => wholeList((query) => api.GET('/storage/access-keys', { params: { query } })),
};

const COLUMNS: readonly Column<AccessKey>[] = [
  {
    id: 'name',
    title: text.name,
    sort: ({ name }) => name,
    cell: ({ name }) => <span className="font-medium break-words">{name}</span>,
  },
  { id: 'id', title: text.keyId, from: 'sm', cell: ({ access_key_id }) => <Copyable text={access_key_id} /> },
  {
    id: 'scope',
    title: text.scope,
    from: 'md',
    cell: ({ bucket_permissions }) =>
      bucket_permissions.length === 0
        ? text.wholeTeam
        : bucket_permissions
            .map(({ bucket_name, level }) => `${bucket_name}: ${text.levels[level] ?? level}`)
            .join(', '),
  },
  {
    id: 'used',
    title: text.lastUsed,
    sort: ({ last_used_at }) => last_used_at ?? '',
    right: true,
    from: 'md',
    cell: ({ last_used_at }) => <AgoCell at={last_used_at} />,
  },
];

/** The keys that programs use buckets with. */
export function AccessKeys() {
  const client = useQueryClient();
  const { data } = useQuery(keysQuery);
  const [isOpen, setOpen] = useState(false);
  const { change } = useRefusals();
  const [created, setCreated] = useState<Created | null>(null);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const revoke = async (accessKey: string) => {
    const params = { path: { accessKey } };
    tellSuccess((await answerOf(api.DELETE('/storage/access-keys/{accessKey}', { params }))).message);
    await client.invalidateQueries({ queryKey: ['access_key'] });
  };
  const alive = data?.filter(({ revoked_at }) => !revoked_at);
  const actions = actionColumn<AccessKey>(({ id, name }) => (
    <RemoveButton
      name={name}
      onAsk={setConfirmation}
      title={text.revokeTitle(name)}
      about={text.revokeAbout}
      action={text.revoke}
      run={() => revoke(id)}
    />
  ));
  return (
    <Section
      title={text.keys}
      about={text.keysAbout}
      flush
      actions={
        <Button icon={<Plus />} blocked={change} onClick={() => setOpen(true)}>
          {text.createKey}
        </Button>
      }
    >
      {alive?.length === 0 ? (
        <Empty title={text.noKeys} />
      ) : (
        <ListTable
          name="keys"
          caption={text.keys}
          columns={[...COLUMNS, actions]}
          rows={alive}
          idOf={({ id }) => id}
          textOf={({ name, access_key_id }) => `${name} ${access_key_id}`}
          expect={2}
        />
      )}
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.createKey} wide>
        <CreateForm
          onDone={(made) => {
            setOpen(false);
            setCreated(made);
            void client.invalidateQueries({ queryKey: ['access_key'] });
          }}
        />
      </Dialog>
      <Dialog
        open={created !== null}
        onClose={() => setCreated(null)}
        title={text.secretTitle}
        about={text.secretAbout}
        wide
      >
        {created && <Code label={text.secretTitle} text={environmentOf(created)} />}
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </Section>
  );
}

/** The key as the environment of programs has it. */
const environmentOf = ({ access_key_id, secret_access_key, endpoint, region }: Created): string =>
  [
    `AWS_ACCESS_KEY_ID=${access_key_id}`,
    `AWS_SECRET_ACCESS_KEY=${secret_access_key}`,
    `AWS_ENDPOINT_URL=${endpoint}`,
    `AWS_REGION=${region}`,
  ].join('\n');

function CreateForm({ onDone }: { onDone: (created: Created) => void }) {
  const { data: buckets } = useQuery(bucketsQuery);
  const { values, set, errors, busy, submit } = useForm('new access key', {
    name: '',
    bucket: '',
    level: 'readwrite',
  });
  const { name, bucket, level } = values;
  const permission = { bucket_id: bucket, level: level as 'read' };
  const creation = creationOf(
    '/storage/access-keys',
    bucket ? { name, scope: 'buckets', bucket_permissions: [permission] } : { name, scope: 'team' },
  );
  return (
    <Form onSend={() => submit(async (key) => onDone(await create(creation, key)))}>
      <TextField
        label={text.name}
        hint={text.keyHint}
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <SelectField
        label={text.scope}
        value={values.bucket}
        errors={errors.bucket_permissions}
        onValue={(bucket) => set('bucket', bucket)}
        options={
          buckets && [
            { value: '', label: text.wholeTeam },
            ...buckets.map(({ id, name }) => ({ value: id, label: name })),
          ]
        }
      />
      {values.bucket && (
        <SelectField
          label={text.level}
          value={values.level}
          onValue={(level) => set('level', level)}
          options={Object.entries(text.levels).map(([value, label]) => ({ value, label }))}
        />
      )}
      <CreateRow creation={creation} busy={busy}>
        {text.createKey}
      </CreateRow>
    </Form>
  );
}
