import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Plus, Shield } from 'lucide-react';
import { useState } from 'react';
import { create, creationOf } from '../api/creation.ts';
import { firewallsQuery } from '../api/queries.ts';
import { CreateRow } from '../code/create-row.tsx';
import { common } from '../text/common.ts';
import { firewallText as text } from '../text/firewalls.ts';
import { Tag } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { ListTable } from '../ui/list-table.tsx';
import { NameFields } from '../ui/name-fields.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { pathTo } from '../ui/path.ts';
import type { Column } from '../ui/table.tsx';
import { type Firewall, FirewallStatus } from './firewall-status.tsx';

const COLUMNS: readonly Column<Firewall>[] = [
  {
    id: 'name',
    title: text.name,
    sort: ({ name }) => name,
    cell: ({ id, name, is_default, description }) => (
      <div className="max-w-40 min-w-28 sm:max-w-96">
        <span className="flex flex-wrap items-center gap-2">
          <Link to={pathTo('/firewalls', id)} className="font-medium break-words hover:underline">
            {name}
          </Link>
          {is_default && <Tag>{text.isDefault}</Tag>}
        </span>
        {description && <span className="block truncate text-sm text-quiet">{description}</span>}
      </div>
    ),
  },
  {
    id: 'status',
    title: common.status,
    sort: ({ status }) => status,
    cell: (firewall) => <FirewallStatus firewall={firewall} />,
  },
  {
    id: 'rules',
    title: text.rules,
    right: true,
    from: 'sm',
    sort: ({ rules }) => rules.length,
    cell: ({ rules }) => rules.length,
  },
  {
    id: 'instances',
    title: text.instances,
    from: 'md',
    cell: ({ attached_instances }) => (
      <span className="text-quiet">{attached_instances.map(({ name }) => name).join(', ') || '–'}</span>
    ),
  },
];

/** All firewalls of the team. */
export function FirewallsPage() {
  const { data } = useQuery(firewallsQuery);
  const [isOpen, setOpen] = useState(false);
  const create = (
    <Button look="primary" icon={<Plus />} onClick={() => setOpen(true)}>
      {text.create}
    </Button>
  );
  const isEmpty = data?.length === 0;
  return (
    <>
      <PageHeader title={text.title} about={text.about} actions={isEmpty ? null : create} />
      <div className="card overflow-hidden">
        {isEmpty ? (
          <Empty icon={<Shield />} title={text.emptyTitle} action={create}>
            {text.emptyAbout}
          </Empty>
        ) : (
          <ListTable
            caption={text.title}
            columns={COLUMNS}
            rows={data}
            idOf={({ id }) => id}
            textOf={({ name, description }) => `${name} ${description ?? ''}`}
          />
        )}
      </div>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.create} wide>
        <CreateForm />
      </Dialog>
    </>
  );
}

function CreateForm() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm('new firewall', { name: '', description: '' });
  const { values, busy, submit } = form;
  const { name, description } = values;
  const creation = creationOf('/firewalls', { name, ...(description ? { description } : {}) });
  const send = async (key: string) => {
    const { firewall } = await create(creation, key);
    void client.invalidateQueries({ queryKey: ['firewall'] });
    await navigate({ to: pathTo('/firewalls', firewall.id) });
  };
  return (
    <Form onSend={() => submit(send)}>
      <NameFields text={text} form={form} />
      <CreateRow creation={creation} busy={busy}>
        {text.create}
      </CreateRow>
    </Form>
  );
}
