import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ListChecks } from 'lucide-react';
import { operationsQuery } from '../api/queries.ts';
import { kindOf, type Operation } from '../instances/kinds.ts';
import { useInstanceNames } from '../instances/names.ts';
import { operationsText as text } from '../text/operations.ts';
import { Badge } from '../ui/badge.tsx';
import { FilterBar } from '../ui/filter.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { PagedTable } from '../ui/paged-table.tsx';
import { pathTo } from '../ui/path.ts';
import type { Column } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { OPERATION_TONES } from './operation-list.tsx';
import { Bar } from './progress.tsx';
import { type OperationSearch, OPERATION_STATES as STATES } from './search.ts';

const PER_PAGE = 25;
const columnsOf = (names: ReadonlyMap<string, string>): readonly Column<Operation>[] => [
  {
    id: 'operation',
    title: text.operation,
    cell: ({ kind, error, step, terminal, percent }) => (
      <div className="max-w-md min-w-40">
        <span className="font-medium">{text.kind(kind)}</span>
        {error && <p className="text-sm break-words text-bad">{error.message}</p>}
        {!terminal && <p className="text-sm text-quiet">{step}</p>}
        {!terminal && <Bar percent={percent} />}
      </div>
    ),
  },
  {
    id: 'resource',
    title: text.resource,
    from: 'sm',
    cell: ({ resource_type, resource_id }) => {
      const kind = kindOf(resource_type);
      const label = names.get(resource_id) ?? `${resource_type} ${resource_id.slice(0, 8)}`;
      if (!kind) return <span className="text-quiet">{label}</span>;
      return (
        <Link to={pathTo(kind.path, resource_id)} className="hover:underline">
          {label}
        </Link>
      );
    },
  },
  {
    id: 'state',
    title: text.state,
    cell: ({ state }) => <Badge tone={OPERATION_TONES[state] ?? 'idle'}>{text.states[state] ?? state}</Badge>,
  },
  {
    id: 'took',
    title: text.took,
    right: true,
    from: 'md',
    cell: ({ started_at, finished_at }) =>
      started_at && finished_at
        ? text.seconds((new Date(finished_at).getTime() - new Date(started_at).getTime()) / 1000)
        : '–',
  },
  {
    id: 'created_at',
    title: text.began,
    right: true,
    from: 'md',
    sort: ({ created_at }) => created_at,
    cell: ({ created_at }) => <AgoCell at={created_at} />,
  },
];

/** All operations of the team. What is shown is in the address. */
export function OperationsPage({
  search: { status, sort, page = 1 },
  onSearch,
}: {
  search: OperationSearch;
  onSearch: (change: OperationSearch) => void;
}) {
  const names = useInstanceNames();
  const { data } = useQuery(operationsQuery({ status, sort, page, per_page: PER_PAGE }));
  return (
    <>
      <PageHeader title={text.title} about={text.about} />
      <div className="card overflow-hidden">
        <FilterBar
          label={text.state}
          value={status}
          onValue={(next) => onSearch({ status: next, page: undefined })}
          all={text.all}
          options={STATES.map((state) => [state, text.states[state]])}
        />
        <PagedTable
          caption={text.title}
          columns={columnsOf(names)}
          data={data}
          idOf={({ operation_id }) => operation_id}
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
    </>
  );
}
