import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { sshKeysQuery } from '../api/queries.ts';
import { CreateRow } from '../code/create-row.tsx';
import { keyText as text } from '../text/access.ts';
import { common } from '../text/common.ts';
import { Tag } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { Switch, TextArea, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { ListTable } from '../ui/list-table.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { RemoveButton } from '../ui/remove-button.tsx';
import { actionColumn, type Column } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { tellSuccess } from '../ui/toast.tsx';

type SshKey = components['schemas']['SshKey'];

const COLUMNS: readonly Column<SshKey>[] = [
  {
    id: 'name',
    title: text.name,
    sort: ({ name }) => name,
    cell: ({ name, is_default }) => (
      <span className="flex flex-wrap items-center gap-2">
        <span className="font-medium break-words">{name}</span>
        {is_default && <Tag>{text.isDefault}</Tag>}
      </span>
    ),
  },
  {
    id: 'fingerprint',
    title: text.fingerprint,
    from: 'md',
    cell: ({ fingerprint }) => <code className="font-mono text-[0.8667rem] text-quiet">{fingerprint}</code>,
  },
  {
    id: 'added',
    title: text.added,
    right: true,
    from: 'sm',
    sort: ({ created_at }) => created_at ?? '',
    cell: ({ created_at }) => <AgoCell at={created_at} />,
  },
];

/** The public keys of the team. */
export function SshKeysPage() {
  const client = useQueryClient();
  const { data } = useQuery(sshKeysQuery);
  const [isOpen, setOpen] = useState(false);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const add = (
    <Button look="primary" icon={<Plus />} onClick={() => setOpen(true)}>
      {text.add}
    </Button>
  );
  const remove = async (id: number) => {
    const { message } = await answerOf(
      api.DELETE('/ssh-keys/{sshKey}', { params: { path: { sshKey: id } } }),
    );
    tellSuccess(message);
    await client.invalidateQueries({ queryKey: ['ssh-key'] });
  };
  const actions = actionColumn<SshKey>(({ id, name }) => (
    <RemoveButton
      name={name}
      onAsk={setConfirmation}
      title={text.deleteTitle(name)}
      about={text.deleteAbout}
      action={common.delete}
      run={() => remove(id)}
    />
  ));
  return (
    <>
      <PageHeader title={text.title} about={text.about} actions={data?.length === 0 ? null : add} />
      <div className="card overflow-hidden">
        {data?.length === 0 ? (
          <Empty icon={<KeyRound />} title={text.emptyTitle} action={add}>
            {text.emptyAbout}
          </Empty>
        ) : (
          <ListTable
            caption={text.title}
            columns={[...COLUMNS, actions]}
            rows={data}
            idOf={({ id }) => String(id)}
            textOf={({ name, fingerprint }) => `${name} ${fingerprint}`}
          />
        )}
      </div>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.add} wide>
        <AddForm onDone={() => setOpen(false)} />
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}

function AddForm({ onDone }: { onDone: () => void }) {
  const client = useQueryClient();
  const { values, set, errors, busy, submit } = useForm('new ssh key', {
    name: '',
    public_key: '',
    is_default: false,
  });
  const creation = creationOf('/ssh-keys', values);
  const add = async (key: string) => {
    tellSuccess((await create(creation, key)).message);
    await client.invalidateQueries({ queryKey: ['ssh-key'] });
    onDone();
  };
  return (
    <Form onSend={() => submit(add)}>
      <TextField
        label={text.name}
        value={values.name}
        errors={errors.name}
        onValue={(name) => set('name', name)}
      />
      <TextArea
        label={text.publicKey}
        hint={text.publicKeyHint}
        placeholder="ssh-ed25519 AAAA… me@laptop"
        className="font-mono text-sm break-all"
        value={values.public_key}
        errors={errors.public_key}
        onValue={(key) => set('public_key', key)}
      />
      <Switch
        label={text.makeDefault}
        checked={values.is_default}
        onChecked={(on) => set('is_default', on)}
      />
      <CreateRow creation={creation} busy={busy}>
        {text.add}
      </CreateRow>
    </Form>
  );
}
