import type { components } from '@danube/client/schema';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import type { KindName } from '../instances/kinds.ts';
import { alertText as text } from '../text/alerts.ts';
import type { Tone } from '../ui/badge.tsx';
import type { ServerSort } from '../ui/list-search.ts';
import { formatValue } from '../ui/quantity.ts';

export type Alert = components['schemas']['MetricAlert'];
export type AlertState = 'active' | 'triggered' | 'resolved' | 'disabled';

export const alertAt = (metricAlert: string) => ({ params: { path: { metricAlert } } });

export interface AlertFilter {
  status?: AlertState | undefined;
  page?: number | undefined;
  sort?: ServerSort | undefined;
  per_page?: number | undefined;
  resource_id?: string | undefined;
}

export const alertsQuery = (query: AlertFilter) =>
  queryOptions({
    queryKey: ['alert', 'list', query],
    queryFn: () => answerOf(api.GET('/metric-alerts', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const alertQuery = (id: string) =>
  queryOptions({
    queryKey: ['alert', id],
    queryFn: async () => (await answerOf(api.GET('/metric-alerts/{metricAlert}', alertAt(id)))).alert,
  });

export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: ['alert', id, 'history'],
    queryFn: async () =>
      (
        await answerOf(
          api.GET('/metric-alerts/{metricAlert}/history', {
            params: { path: { metricAlert: id }, query: { limit: 100 } },
          }),
        )
      ).data,
  });

/** What alerts on a kind of instances can watch. */
export const alertMetricsQuery = (resourceType: KindName) =>
  queryOptions({
    queryKey: ['alert metrics', resourceType],
    queryFn: async () =>
      (
        await answerOf(
          api.GET('/metric-alerts/available-metrics/{resourceType}', { params: { path: { resourceType } } }),
        )
      ).data,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const ALERT_TONES: Record<string, Tone> = {
  active: 'good',
  triggered: 'bad',
  resolved: 'good',
  disabled: 'idle',
};

/** What an alert is called: its name, or what it watches. */
export const alertName = ({ name, metric_label, metric_type }: Alert): string =>
  name ?? metric_label ?? metric_type;

/** "above 90 % for 5 min": when an alert fires. */
export const conditionOf = (alert: Alert): string =>
  `${text.comparisons[alert.comparison_operator] ?? alert.comparison_symbol} ` +
  `${formatValue(alert.threshold_value, alert.metric_unit)}${text.forMinutes(alert.duration_minutes)}`;
