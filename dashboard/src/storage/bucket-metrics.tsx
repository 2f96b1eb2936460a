import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Chart } from '../metrics/chart.tsx';
import { storageText as text } from '../text/storage.ts';
import { Empty, Section } from '../ui/page.tsx';
import { formatValue } from '../ui/quantity.ts';
import { Table } from '../ui/table.tsx';
import { bucketTopQuery, bucketTrendQuery } from './bucket-queries.ts';
import { type TrendWindow, WINDOW_MS } from './trend-window.ts';

type Point = NonNullable<ReturnType<typeof useTrend>['data']>['data'][number];

const useTrend = (id: string, window: TrendWindow) => useQuery(bucketTrendQuery(id, window));

/** The graphs, each with the unit and what it shows of an interval. */
const GRAPHS: readonly [
  name: keyof typeof text.graphs,
  unit: string,
  value: (point: Point) => number | null,
][] = [
  ['size', 'bytes', ({ size_bytes }) => size_bytes],
  ['objects', '', ({ object_count }) => object_count],
  ['requests', '', ({ requests }) => requests.total],
  ['egress', 'bytes', ({ egress_bytes }) => egress_bytes],
  ['ingress', 'bytes', ({ ingress_bytes }) => ingress_bytes],
];

/** What a bucket held and how it was used over time. How far back is in the address. */
export function BucketMetrics({
  id,
  window,
  onWindow,
}: {
  id: string;
  window: TrendWindow;
  onWindow: (window: TrendWindow) => void;
}) {
  const { data } = useTrend(id, window);
  const [cursor, setCursor] = useState<number | null>(null);
  const to = data ? Date.parse(data.generated_at) : 0;
  const from = to - WINDOW_MS[window];
  return (
    <>
      <div className="mb-4 flex justify-end">
        <select
          aria-label={text.window}
          className="control w-auto"
          value={window}
          onChange={({ target }) => onWindow(target.value as TrendWindow)}
        >
          {Object.entries(text.windows).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <div className="mb-6 grid gap-4 lg:grid-cols-2">
        {GRAPHS.map(([name, unit, value]) =>
          data ? (
            <Chart
              key={name}
              title={text.graphs[name]}
              unit={unit}
              from={from}
              to={to}
              points={data.data.map((point) => ({ at: Date.parse(point.recorded_at), value: value(point) }))}
              cursor={cursor}
              onCursor={setCursor}
            />
          ) : (
            <div key={name} className="skeleton h-52 rounded-xl" />
          ),
        )}
      </div>
      <TopObjects id={id} />
    </>
  );
}

function TopObjects({ id }: { id: string }) {
  const { data } = useQuery(bucketTopQuery(id));
  return (
    <Section title={text.topObjects} flush>
      {data?.items.length === 0 ? (
        <Empty title={text.noTop}>{data.reason}</Empty>
      ) : (
        <Table
          caption={text.topObjects}
          rows={data?.items}
          idOf={({ object_key }) => object_key}
          expect={3}
          columns={[
            {
              id: 'key',
              title: text.rank,
              cell: ({ object_key }) => <span className="break-all">{object_key}</span>,
            },
            { id: 'size', title: text.size, right: true, cell: ({ value }) => formatValue(value, 'bytes') },
          ]}
        />
      )}
    </Section>
  );
}
