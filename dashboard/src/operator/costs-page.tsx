import type { components } from '@danube/client/schema';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Receipt } from 'lucide-react';
import { answerOf, api } from '../api/client.ts';
import { saveAnswer } from '../api/files.ts';
import { MonthActions, Totals } from '../costs/parts.tsx';
import type { CostsPageProps } from '../costs/search.ts';
import { common } from '../text/common.ts';
import { costsText as text } from '../text/costs.ts';
import { Empty, PageHeader, Section } from '../ui/page.tsx';
import { type Column, Table } from '../ui/table.tsx';

type Team = components['schemas']['OperatorTeamCosts'];

const COLUMNS: readonly Column<Team>[] = [
  {
    id: 'team',
    title: text.team,
    cell: ({ name, team_id }) => (
      <span className="flex max-w-40 min-w-28 sm:max-w-80 flex-wrap items-center gap-2">
        <span className="font-medium break-words">{name}</span>
        <span className="text-sm text-quiet">{team_id}</span>
      </span>
    ),
  },
  { id: 'resources', title: text.resources, right: true, from: 'sm', cell: ({ resources }) => resources },
  {
    id: 'forecast',
    title: text.forecast,
    right: true,
    from: 'md',
    cell: ({ forecast_cents }) => common.price(forecast_cents),
  },
  { id: 'total', title: text.amount, right: true, cell: ({ total_cents }) => common.price(total_cents) },
];

/** The month of a moment, and those before it. */
function lastMonths(now: Date, count: number): string[] {
  return Array.from({ length: count }, (_, ago) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago, 1)).toISOString().slice(0, 7),
  );
}

/** What all teams cost in a month. */
export function OperatorCostsPage({ search, onSearch }: CostsPageProps) {
  const query = search.month ? { month: search.month } : {};
  const { data } = useQuery({
    queryKey: ['operator', 'billing', query],
    queryFn: () => answerOf(api.GET('/operator/billing', { params: { query } })),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <PageHeader
        title={text.operatorTitle}
        about={text.operatorAbout}
        actions={
          <MonthActions
            search={search}
            onSearch={onSearch}
            shown={data?.month}
            months={lastMonths(new Date(), 12)}
            save={(month) =>
              saveAnswer('/operator/billing/export', `costs-of-all-teams-${month}.csv`, { month })
            }
          />
        }
      />
      <div className="flex flex-col gap-6">
        <Totals costs={data} />
        <Section title={text.team} flush>
          {data?.teams.length === 0 ? (
            <Empty icon={<Receipt />} title={text.emptyTitle}>
              {text.emptyAbout}
            </Empty>
          ) : (
            <Table
              caption={text.operatorTitle}
              columns={COLUMNS}
              rows={data?.teams}
              idOf={({ team_id }) => String(team_id)}
            />
          )}
        </Section>
      </div>
    </>
  );
}
