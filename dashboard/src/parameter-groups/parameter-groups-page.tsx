import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Copy, Pencil, Plus, SlidersHorizontal } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { common } from '../text/common.ts';
import { groupText as text } from '../text/parameter-groups.ts';
import { Tag } from '../ui/badge.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { ListTable } from '../ui/list-table.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { useRefusals } from '../ui/refusals.ts';
import { RemoveButton } from '../ui/remove-button.tsx';
import { actionColumn, type Column } from '../ui/table.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { CloneForm } from './clone-form.tsx';
import { GroupForm } from './group-form.tsx';
import { type Group, groupsQuery } from './queries.ts';

const COLUMNS: readonly Column<Group>[] = [
  {
    id: 'name',
    title: text.name,
    sort: ({ name }) => name,
    cell: ({ name, description, is_system, is_default, is_active }) => (
      <div className="max-w-40 min-w-28 sm:max-w-96">
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-medium break-words">{name}</span>
          {is_system && <Tag>{text.system}</Tag>}
          {is_default && <Tag>{text.isDefault}</Tag>}
          {!is_active && <Tag>{text.inactive}</Tag>}
        </span>
        {description && <span className="block text-sm break-words text-quiet">{description}</span>}
      </div>
    ),
  },
  {
    id: 'engine',
    title: text.engine,
    from: 'sm',
    sort: ({ provider_type, family }) => `${provider_type} ${family ?? ''}`,
    cell: ({ provider_type, family }) => `${provider_type} ${family ?? ''}`,
  },
  {
    id: 'parameters',
    title: text.parameters,
    from: 'md',
    right: true,
    cell: ({ parameters }) => text.count(Object.keys(parameters).length),
  },
];

/** Settings of engines that several instances share. */
export function ParameterGroupsPage() {
  const client = useQueryClient();
  const { data } = useQuery(groupsQuery);
  const { change } = useRefusals();
  const [edited, setEdited] = useState<Group | 'new' | null>(null);
  const [cloned, setCloned] = useState<Group | null>(null);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ['parameter-group'] });
  const remove = async (id: number) => {
    const params = { path: { parameterGroup: id } };
    tellSuccess((await answerOf(api.DELETE('/parameter-groups/{parameterGroup}', { params }))).message);
    await refresh();
  };
  const add = (
    <Button look="primary" icon={<Plus />} onClick={() => setEdited('new')}>
      {text.add}
    </Button>
  );
  const actions = actionColumn<Group>((group) => (
    <span className="inline-flex">
      <IconButton label={`${text.clone}: ${group.name}`} blocked={change} onClick={() => setCloned(group)}>
        <Copy />
      </IconButton>
      {!group.is_system && (
        <>
          <IconButton label={`${text.edit}: ${group.name}`} blocked={change} onClick={() => setEdited(group)}>
            <Pencil />
          </IconButton>
          <RemoveButton
            name={group.name}
            onAsk={setConfirmation}
            title={text.deleteTitle(group.name)}
            about={text.deleteAbout}
            action={common.delete}
            run={() => remove(group.id)}
          />
        </>
      )}
    </span>
  ));
  const isEmpty = data?.length === 0;
  return (
    <>
      <PageHeader title={text.title} about={text.about} actions={isEmpty ? null : add} />
      <div className="card overflow-hidden">
        {isEmpty ? (
          <Empty icon={<SlidersHorizontal />} title={text.emptyTitle} action={add}>
            {text.emptyAbout}
          </Empty>
        ) : (
          <ListTable
            caption={text.title}
            columns={[...COLUMNS, actions]}
            rows={data}
            idOf={({ id }) => String(id)}
            textOf={({ name, description, provider_type }) => `${name} ${description ?? ''} ${provider_type}`}
          />
        )}
      </div>
      <Dialog
        open={edited !== null}
        onClose={() => setEdited(null)}
        title={edited === 'new' || !edited ? text.add : edited.name}
        wide
      >
        {edited && (
          <GroupForm
            group={edited === 'new' ? null : edited}
            onDone={() => {
              setEdited(null);
              void refresh();
            }}
          />
        )}
      </Dialog>
      <Dialog
        open={cloned !== null}
        onClose={() => setCloned(null)}
        title={text.cloneTitle(cloned?.name)}
        wide
      >
        {cloned && (
          <CloneForm
            group={cloned}
            onDone={() => {
              setCloned(null);
              void refresh();
            }}
          />
        )}
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}
