import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { BellRing, Plus } from 'lucide-react';
import { useState } from 'react';
import { kindOf } from '../instances/kinds.ts';
import { alertText as text } from '../text/alerts.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { FilterBar } from '../ui/filter.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { PagedTable } from '../ui/paged-table.tsx';
import { pathTo } from '../ui/path.ts';
import { formatValue } from '../ui/quantity.ts';
import type { Column } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { AlertForm } from './alert-form.tsx';
import { ALERT_TONES, type Alert, alertName, alertsQuery, conditionOf } from './api.ts';
import { ALERT_STATES, type AlertSearch } from './search.ts';

const PER_PAGE = 50;

const COLUMNS: readonly Column<Alert>[] = [
  {
    id: 'name',
    title: text.name,
    sort: alertName,
    cell: (alert) => (
      <div className="max-w-40 min-w-28 sm:max-w-80">
        <Link
          to={pathTo('/alerts', alert.id)}
          className="inline-block min-h-6 font-medium break-words hover:underline"
        >
          {alertName(alert)}
        </Link>
        <span className="block text-sm text-quiet">{conditionOf(alert)}</span>
      </div>
    ),
  },
  {
    id: 'state',
    title: text.state,
    cell: ({ status }) => <Badge tone={ALERT_TONES[status] ?? 'idle'}>{text.states[status] ?? status}</Badge>,
  },
  { id: 'instance', title: text.instance, from: 'sm', cell: (alert) => <Watched alert={alert} /> },
  {
    id: 'value',
    title: text.value,
    from: 'md',
    right: true,
    cell: ({ last_metric_value, metric_unit }) =>
      last_metric_value === null ? '–' : formatValue(last_metric_value, metric_unit),
  },
  {
    id: 'fired',
    title: text.fired,
    from: 'lg',
    right: true,
    cell: ({ triggered_at }) => <AgoCell at={triggered_at} />,
  },
];

/** The instance that an alert watches, with a link to its graphs. */
export function Watched({ alert: { resource_type, resource_id, resource_name } }: { alert: Alert }) {
  const kind = kindOf(resource_type);
  if (!kind) return <span className="break-words text-quiet">{resource_name}</span>;
  return (
    <Link to={pathTo(kind.path, resource_id, 'metrics')} className="break-words hover:underline">
      {resource_name}
    </Link>
  );
}

/** All alerts of the team. What is shown is in the address. */
export function AlertsPage({
  search: { status, sort, page = 1 },
  onSearch,
}: {
  search: AlertSearch;
  onSearch: (change: AlertSearch) => void;
}) {
  const { data } = useQuery(alertsQuery({ status, sort, page, per_page: PER_PAGE }));
  const [isOpen, setOpen] = useState(false);
  const add = (
    <Button look="primary" icon={<Plus />} onClick={() => setOpen(true)}>
      {text.add}
    </Button>
  );
  const isEmpty = data?.data.length === 0;
  return (
    <>
      <PageHeader title={text.title} about={text.about} actions={isEmpty && !status ? null : add} />
      <div className="card overflow-hidden">
        {(!isEmpty || status) && (
          <FilterBar
            label={text.state}
            value={status}
            onValue={(next) => onSearch({ status: next, page: undefined })}
            all={text.allStates}
            options={ALERT_STATES.map((state) => [state, text.states[state]])}
          />
        )}
        <PagedTable
          caption={text.title}
          columns={COLUMNS}
          data={data}
          idOf={({ id }) => id}
          page={page}
          sort={sort}
          perPage={PER_PAGE}
          onSearch={onSearch}
          empty={
            <Empty
              icon={<BellRing />}
              title={status ? text.noMatch : text.emptyTitle}
              action={status ? null : add}
            >
              {status ? null : text.emptyAbout}
            </Empty>
          }
        />
      </div>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={text.add} wide>
        <AlertForm alert={null} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}
