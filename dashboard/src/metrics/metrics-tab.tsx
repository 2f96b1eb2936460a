import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Alert, alertName, alertsQuery, conditionOf } from '../alerts/api.ts';
import { answerOf, api } from '../api/client.ts';
import type { Kind } from '../instances/kinds.ts';
import { metricsText as text } from '../text/metrics.ts';
import { Notice } from '../ui/notice.tsx';
import { Chart, type Limit } from './chart.tsx';
import { isChosen, rangeBetween, spanOf } from './range.ts';

/** About how many points a graph has. */
const POINTS = 120;
const SHORTEST_STEP = 15;
/** How often the graphs go on, in milliseconds. */
const GO_ON_MS = 30_000;

const OF_ALL = [
  'cpu_usage',
  'memory_usage',
  'disk_usage',
  'network_receive_rate',
  'network_transmit_rate',
  'disk_read_rate',
  'disk_write_rate',
] as const;
const METRICS = {
  vps: OF_ALL,
  database: ['db_connections', 'db_queries_per_second', ...OF_ALL],
  cache: ['cache_connections', 'cache_ops_per_second', 'cache_hit_ratio', ...OF_ALL],
} as const;

function readHistory(kind: Kind, id: string, metric: string, range: string) {
  const { from, to } = spanOf(range, Date.now());
  const step = Math.max(SHORTEST_STEP, Math.round((to - from) / 1000 / POINTS));
  const [first, last] = [from, to].map((at) => new Date(at).toISOString());
  const query = { metric: metric as 'cpu_usage', from: first, to: last, step };
  if (kind.name === 'vps')
    return answerOf(
      api.GET('/vps/{vpsInstance}/metrics/history', { params: { path: { vpsInstance: id }, query } }),
    );
  if (kind.name === 'database')
    return answerOf(
      api.GET('/database/{databaseInstance}/metrics/history', {
        params: { path: { databaseInstance: id }, query },
      }),
    );
  return answerOf(
    api.GET('/cache/{cacheInstance}/metrics/history', { params: { path: { cacheInstance: id }, query } }),
  );
}

/** What an instance has used over time. The range is in the address; all graphs share a cursor. */
export function MetricsTab({
  kind,
  id,
  range,
  onRange,
}: {
  kind: Kind;
  id: string;
  range: string;
  onRange: (range: string) => void;
}) {
  const [cursor, setCursor] = useState<number | null>(null);
  const { data: alerts } = useQuery(alertsQuery({ resource_id: id, per_page: 100 }));
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-end gap-3">
        <p className="text-sm text-quiet">{isChosen(range) ? null : text.zoomHint}</p>
        <select
          aria-label={text.range}
          className="control w-auto"
          value={range}
          onChange={({ target }) => onRange(target.value)}
        >
          {isChosen(range) && <option value={range}>{text.chosen(spanOf(range, 0))}</option>}
          {Object.entries(text.ranges).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <div className="grid gap-4 lg:grid-cols-2">
        {METRICS[kind.name].map((metric) => (
          <Graph
            key={metric}
            kind={kind}
            id={id}
            metric={metric}
            range={range}
            limits={limitsOf(alerts?.data ?? [], metric)}
            cursor={cursor}
            onCursor={setCursor}
            onZoom={(from, to) => {
              const chosen = rangeBetween(from, to);
              if (chosen) onRange(chosen);
            }}
          />
        ))}
      </div>
    </>
  );
}

/** The limits of the alerts on a metric that are turned on. */
const limitsOf = (alerts: readonly Alert[], metric: string): readonly Limit[] =>
  alerts
    .filter(({ enabled, metric_type }) => enabled && metric_type === metric)
    .map((alert) => {
      const [since, end] = [alert.triggered_at, alert.resolved_at].map((at) => (at ? Date.parse(at) : null));
      const isOver = since != null && end != null && end >= since;
      return {
        id: alert.id,
        label: `${alertName(alert)}: ${conditionOf(alert)}`,
        value: alert.threshold_value,
        since: since ?? null,
        until: isOver ? end : null,
      };
    });

function Graph({
  kind,
  id,
  metric,
  range,
  limits,
  cursor,
  onCursor,
  onZoom,
}: {
  kind: Kind;
  id: string;
  metric: string;
  range: string;
  limits: readonly Limit[];
  cursor: number | null;
  onCursor: (at: number | null) => void;
  onZoom: (from: number, to: number) => void;
}) {
  const { data, error } = useQuery({
    queryKey: ['metrics', kind.name, id, metric, range],
    queryFn: () => readHistory(kind, id, metric, range),
    placeholderData: keepPreviousData,
    refetchInterval: isChosen(range) ? false : GO_ON_MS,
  });
  if (error) return <Notice tone="warn">{error.message}</Notice>;
  if (!data) return <div className="skeleton h-52 rounded-xl" />;
  return (
    <Chart
      title={text.names[metric] ?? metric}
      unit={data.unit}
      from={new Date(data.from).getTime()}
      to={new Date(data.to).getTime()}
      points={data.points.map(({ time, value }) => ({ at: new Date(time).getTime(), value }))}
      limits={limits}
      cursor={cursor}
      onCursor={onCursor}
      onZoom={onZoom}
    />
  );
}
