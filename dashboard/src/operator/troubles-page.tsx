import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleX, ListChecks, RotateCcw } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { operationsText } from '../text/operations.ts';
import { operatorText } from '../text/operator.ts';
import { Badge } from '../ui/badge.tsx';
import { IconButton } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { FilterBar } from '../ui/filter.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { PagedTable } from '../ui/paged-table.tsx';
import { actionColumn, type Column } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { tellSuccess } from '../ui/toast.tsx';
import { PER_PAGE, troublesQuery } from './queries.ts';
import { type ListPageProps, oneOf, TROUBLES } from './search.ts';

type Operation = components['schemas']['OperatorOperation'];

type Action = 'retry' | 'end';

const text = operatorText.operations;

const ORDER: readonly Action[] = ['retry', 'end'];

/** What can be done about an operation. */
const ACTIONS: Record<Action, { label: string; title: string; about: string; icon: ReactNode }> = {
  retry: { label: text.retry, title: text.retryTitle, about: text.retryAbout, icon: <RotateCcw /> },
  end: { label: text.end, title: text.endTitle, about: text.endAbout, icon: <CircleX /> },
};

const COLUMNS: readonly Column<Operation>[] = [
  {
    id: 'operation',
    title: text.operation,
    cell: ({ kind, resource_type, resource_id, step, error }) => (
      <div className="max-w-xl min-w-40">
        <span className="font-medium">{operationsText.kind(kind)}</span>{' '}
        <span className="text-quiet">
          {resource_type} <code className="font-mono text-xs break-all">{resource_id}</code>
        </span>
        {error ? (
          <p className="text-sm break-words text-bad">{error}</p>
        ) : (
          <p className="text-sm text-quiet">{step}</p>
        )}
      </div>
    ),
  },
  { id: 'team', title: text.team, right: true, from: 'md', cell: ({ team_id }) => team_id },
  {
    id: 'state',
    title: text.state,
    from: 'sm',
    cell: ({ state, end_requested_at }) =>
      state === 'failed' ? (
        <Badge tone="bad">{text.states.failed}</Badge>
      ) : (
        <Badge tone="warn">{end_requested_at ? text.ending : text.states.hanging}</Badge>
      ),
  },
  {
    id: 'created_at',
    title: text.began,
    right: true,
    from: 'sm',
    sort: ({ created_at }) => created_at,
    cell: ({ started_at, created_at }) => <AgoCell at={started_at ?? created_at} />,
  },
];

/** Operations of all teams that have failed, or hang. */
export function TroublesPage({ search, onSearch }: ListPageProps) {
  const { sort, page = 1 } = search;
  const status = oneOf(TROUBLES, search.status);
  const client = useQueryClient();
  const wanted = { page, per_page: PER_PAGE, ...(status ? { status } : {}), ...(sort ? { sort } : {}) };
  const { data } = useQuery(troublesQuery(wanted));
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const act = async (action: Action, operatorOperation: string) => {
    const params = { path: { operatorOperation } };
    const asked =
      action === 'retry'
        ? api.POST('/operator/operations/{operatorOperation}/retry', { params })
        : api.POST('/operator/operations/{operatorOperation}/end', { params });
    tellSuccess((await answerOf(asked)).message);
    await client.invalidateQueries({ queryKey: ['operator', 'operations'] });
  };
  const actions = actionColumn<Operation>(({ id, kind, resource_id, actions: possible }) =>
    ORDER.filter((action) => possible.includes(action)).map((action) => {
      const { label, title, about, icon } = ACTIONS[action];
      const run = () => act(action, id);
      return (
        <IconButton
          key={action}
          label={`${label}: ${operationsText.kind(kind)} ${resource_id}`}
          onClick={() => setConfirmation({ title, about, action: label, danger: action === 'end', run })}
        >
          {icon}
        </IconButton>
      );
    }),
  );
  return (
    <>
      <PageHeader title={text.title} about={text.about} />
      <div className="card overflow-hidden">
        <FilterBar
          label={text.state}
          value={status}
          onValue={(next) => onSearch({ status: next, page: undefined })}
          all={text.all}
          options={TROUBLES.map((one) => [one, text.states[one]])}
        />
        <PagedTable
          caption={text.title}
          columns={[...COLUMNS, actions]}
          data={data}
          idOf={({ id }) => id}
          page={page}
          sort={sort}
          perPage={PER_PAGE}
          onSearch={onSearch}
          empty={
            <Empty icon={<ListChecks />} title={text.emptyTitle}>
              {text.emptyAbout}
            </Empty>
          }
        />
      </div>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}
