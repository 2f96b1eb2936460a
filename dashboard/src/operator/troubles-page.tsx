import type { components } from '@danube/client/schema';
import { useQuery } from '@tanstack/react-query';
import { ListChecks } from 'lucide-react';
import { operationsText } from '../text/operations.ts';
import { operatorText } from '../text/operator.ts';
import { Badge } from '../ui/badge.tsx';
import { FilterBar } from '../ui/filter.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { PagedTable } from '../ui/paged-table.tsx';
import type { Column } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { PER_PAGE, troublesQuery } from './queries.ts';
import { type ListPageProps, TROUBLES } from './search.ts';

type Operation = components['schemas']['OperatorOperation'];

const text = operatorText.operations;

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
    cell: ({ state }) =>
      state === 'failed' ? (
        <Badge tone="bad">{text.states.failed}</Badge>
      ) : (
        <Badge tone="warn">{text.states.hanging}</Badge>
      ),
  },
  {
    id: 'began',
    title: text.began,
    right: true,
    from: 'sm',
    cell: ({ started_at, created_at }) => <AgoCell at={started_at ?? created_at} />,
  },
];

/** Operations of all teams that have failed, or hang. */
export function TroublesPage({ search: { status, page = 1 }, onSearch }: ListPageProps) {
  const { data } = useQuery(troublesQuery({ page, per_page: PER_PAGE, ...(status ? { status } : {}) }));
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
          columns={COLUMNS}
          data={data}
          idOf={({ id }) => id}
          page={page}
          perPage={PER_PAGE}
          onSearch={onSearch}
          empty={
            <Empty icon={<ListChecks />} title={text.emptyTitle}>
              {text.emptyAbout}
            </Empty>
          }
        />
      </div>
    </>
  );
}
