import type { Static } from 'typebox';
import type { StatusDetails } from '../../instances/schema.ts';
import { metricOf } from '../../metrics/catalogue.ts';
import { COMPARISONS, type Comparison } from './conditions.ts';
import type { CHANNELS } from './schema.ts';
import type { NamedAlert } from './store.ts';

/** Milliseconds after which an evaluation is old. */
const STALE = 60_000;

const time = (date: Date | null): string | null => date?.toISOString() ?? null;

/** `db_connection_usage` as people read it: `Connection usage`. */
export function labelOf(metric: string): string {
  const words = metric
    .replace(/^(db|cache)_/, '')
    .replaceAll('_', ' ')
    .replace(/^cpu\b/, 'CPU');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const viewAlert = (alert: NamedAlert) => ({
  id: alert.id,
  name: alert.name,
  description: alert.description,
  status: alert.status as 'active' | 'triggered' | 'resolved' | 'disabled',
  status_details: detailsOf(alert),
  capabilities: { logs: false, events: false, diagnose: false, build_logs: false },
  enabled: alert.status !== 'disabled',
  resource_type: alert.resource_type,
  resource_id: alert.resource_id,
  resource_name: alert.resource_name,
  metric_type: alert.metric,
  metric_label: labelOf(alert.metric),
  metric_unit: metricOf(alert.resource_type, alert.metric)?.unit ?? '',
  comparison_operator: alert.comparison,
  comparison_symbol: COMPARISONS[alert.comparison as Comparison],
  threshold_value: alert.threshold,
  last_metric_value: alert.last_value,
  duration_minutes: alert.duration_minutes,
  consecutive_breaches: alert.consecutive_breaches,
  trigger_count: alert.trigger_count,
  notification_channels: alert.channels as (typeof CHANNELS)[number][],
  no_data_since: time(alert.no_data_since),
  is_default: alert.is_default,
  last_evaluated_at: time(alert.last_evaluated_at),
  triggered_at: time(alert.triggered_at),
  resolved_at: time(alert.resolved_at),
  team_id: alert.team_id,
  created_at: time(alert.created_at),
  updated_at: time(alert.updated_at),
});

function detailsOf(alert: NamedAlert): Static<typeof StatusDetails> {
  const { status, last_evaluated_at: seen } = alert;
  return {
    summary: `${SUMMARIES[status]}${alert.no_data_since && status !== 'disabled' ? ` There is no data since ${time(alert.no_data_since)}.` : ''}`,
    health: status === 'triggered' ? 'unhealthy' : status === 'disabled' ? 'stopped' : 'healthy',
    observed_at: time(seen),
    stale: seen === null || Date.now() - seen.getTime() > STALE,
    operation: { state: 'succeeded', terminal: true },
    error: null,
  };
}

const SUMMARIES: Record<string, string> = {
  active: 'The alert has not fired.',
  triggered: 'The alert fires.',
  resolved: 'The alert has fired, and is over.',
  disabled: 'The alert is disabled.',
};
