import type { components } from '@danube/client/schema';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Receipt } from 'lucide-react';
import { answerOf, api } from '../api/client.ts';
import { saveAnswer } from '../api/files.ts';
import { Failure } from '../shell/states.tsx';
import { common } from '../text/common.ts';
import { costsText as text } from '../text/costs.ts';
import { Empty, PageHeader, Section } from '../ui/page.tsx';
import { type Column, Table } from '../ui/table.tsx';
import { MonthActions, Totals } from './parts.tsx';
import type { CostsPageProps } from './search.ts';

type Line = components['schemas']['CostLine'];

const COLUMNS: readonly Column<Line>[] = [
  {
    id: 'resource',
    title: text.resource,
    cell: ({ name, resource_type }) => (
      <div className="max-w-40 min-w-28 sm:max-w-80">
        <span className="block font-medium break-words">{name}</span>
        <span className="block text-sm text-quiet">{resource_type}</span>
      </div>
    ),
  },
  { id: 'plan', title: text.plan, from: 'sm', cell: ({ plan }) => plan },
  {
    id: 'price',
    title: text.price,
    right: true,
    from: 'md',
    cell: ({ monthly_cost_cents }) => common.price(monthly_cost_cents),
  },
  { id: 'hours', title: text.hours, right: true, from: 'sm', cell: ({ hours }) => hours.toFixed(1) },
  { id: 'amount', title: text.amount, right: true, cell: ({ amount_cents }) => common.price(amount_cents) },
];

/** What the team's resources cost in a month. */
export function CostsPage({ search, onSearch }: CostsPageProps) {
  const query = search.month ? { month: search.month } : {};
  const { data, error } = useQuery({
    queryKey: ['billing', query],
    queryFn: () => answerOf(api.GET('/billing', { params: { query } })),
    placeholderData: keepPreviousData,
  });
  const months = useQuery({
    queryKey: ['billing', 'months'],
    queryFn: async () => (await answerOf(api.GET('/billing/months'))).data,
  });
  if (error && !data) return <Failure error={error} reset={() => undefined} />;
  return (
    <>
      <PageHeader
        title={text.title}
        about={text.about}
        actions={
          <MonthActions
            search={search}
            onSearch={onSearch}
            shown={data?.month}
            months={months.data?.map(({ month }) => month) ?? []}
            save={(month) => saveAnswer('/billing/export', `costs-${month}.csv`, { month })}
          />
        }
      />
      <div className="flex flex-col gap-6">
        <Totals costs={data} />
        <Section
          title={text.resources}
          about={data && data.resources > data.lines.length ? text.more(data.lines.length) : undefined}
          flush
        >
          {data?.lines.length === 0 ? (
            <Empty icon={<Receipt />} title={text.emptyTitle}>
              {text.emptyAbout}
            </Empty>
          ) : (
            <Table
              caption={text.resources}
              columns={COLUMNS}
              rows={data?.lines}
              idOf={({ resource_id }) => resource_id}
            />
          )}
        </Section>
      </div>
    </>
  );
}
