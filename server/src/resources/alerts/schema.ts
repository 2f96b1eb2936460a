import { type Static, Type } from 'typebox';
import { Fixed } from '../../http/fixed.ts';
import { ListQuery } from '../../http/listing.ts';
import {
  Component,
  DescriptionText,
  Enum,
  Id,
  Int,
  LineText,
  List,
  Message,
  NameText,
  Nullable,
  NumberId,
  Obj,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { Warnings } from '../../http/warnings.ts';
import { Capabilities, KindName, StatusDetails } from '../../instances/schema.ts';
import { COMPARISONS } from './conditions.ts';

export const CHANNELS = ['database', 'mail', 'webhook'] as const;
const STATUSES = ['active', 'triggered', 'resolved', 'disabled'] as const;

const operators = Object.keys(COMPARISONS) as unknown as readonly [string, ...string[]];
const Comparison = Enum(operators, {
  example: 'gt',
  description: 'Above, from, below, or up to the threshold.',
});
const Threshold = Type.Number({
  minimum: -1e15,
  maximum: 1e15,
  example: 90,
  description: 'In the unit of the metric.',
});
const Duration = Int(5, {
  minimum: 0,
  maximum: 1440,
  description:
    'For how many minutes each value must breach it; to end, as long none may. 0: the first value counts.',
});
const Channels = Nullable(
  List(Enum(CHANNELS), {
    maxItems: 3,
    uniqueItems: true,
    description:
      'Where it is told: in the list of notifications, by e-mail, by the team’s webhooks. Null: on all of them.',
  }),
);
const MetricName = LineText(60, 'cpu_usage', {
  description: 'One of `GET /metric-alerts/available-metrics/{resourceType}`.',
});

const members = {
  comparison_operator: Comparison,
  threshold_value: Threshold,
  duration_minutes: Type.Optional(Duration),
  name: Type.Optional(Nullable(NameText(255, 'Busy'))),
  description: Type.Optional(DescriptionText(1000, 'Ask Ada what to do.')),
  notification_channels: Type.Optional(Channels),
};

export const CreateMetricAlert = Component('CreateMetricAlert', {
  resource_type: KindName,
  resource_id: LineText(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', { description: 'The instance.' }),
  metric_type: MetricName,
  ...members,
});
export type CreateMetricAlert = Static<typeof CreateMetricAlert>;

export const UpdateMetricAlert = Component('UpdateMetricAlert', {
  resource_type: Fixed(LineText(50, 'vps')),
  resource_id: Fixed(LineText(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e')),
  metric_type: Fixed(LineText(60, 'cpu_usage')),
  ...members,
  comparison_operator: Type.Optional(Comparison),
  threshold_value: Type.Optional(Threshold),
});
export type UpdateMetricAlert = Static<typeof UpdateMetricAlert>;

export const MetricAlert = Component('MetricAlert', {
  id: Id(),
  name: Nullable(Text(255, 'Busy')),
  description: Nullable(Text(1000, 'Ask Ada what to do.')),
  status: Enum(STATUSES, {
    description:
      '`triggered`: it fires. `resolved`: it has fired, and is over. `active`: it has not fired yet.',
  }),
  status_details: StatusDetails,
  capabilities: Capabilities,
  enabled: Type.Boolean({ example: true }),
  resource_type: Text(50, 'vps'),
  resource_id: Id(),
  resource_name: Text(255, 'web-1'),
  metric_type: Text(60, 'cpu_usage'),
  metric_label: Nullable(Text(100, 'CPU usage')),
  metric_unit: Text(20, '%'),
  comparison_operator: Comparison,
  comparison_symbol: Text(2, '>'),
  threshold_value: Type.Number({ example: 90 }),
  last_metric_value: Nullable(Type.Number({ example: 42.5, description: 'The last that was measured.' })),
  duration_minutes: Duration,
  consecutive_breaches: Int(0, {
    description: 'Evaluations in a row that breached it; there is one every 15 seconds.',
  }),
  trigger_count: Int(0, { description: 'How often it has fired.' }),
  notification_channels: Channels,
  no_data_since: Nullable(Timestamp('Since when nothing was measured; null: there is a value.')),
  is_default: Type.Boolean({
    example: false,
    description: 'Whether it was made together with the instance.',
  }),
  last_evaluated_at: Nullable(Timestamp()),
  triggered_at: Nullable(Timestamp('When it fired last.')),
  resolved_at: Nullable(Timestamp('When it was over last.')),
  team_id: NumberId(1),
  created_at: Nullable(Timestamp()),
  updated_at: Nullable(Timestamp()),
});

export const AlertQuery = ListQuery('alerts', 'uuid', STATUSES, {
  resource_type: Type.Optional(LineText(50, 'vps', { description: 'Only alerts on such instances.' })),
  resource_id: Type.Optional(
    LineText(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', { description: 'Only alerts on this instance.' }),
  ),
});
export type AlertQuery = Static<typeof AlertQuery>;

export const MetricAlertAnswer = Component('MetricAlertResponse', { alert: MetricAlert });
export const MetricAlertCreated = Component('MetricAlertCreated', {
  message: Message('Alert created.'),
  alert: MetricAlert,
  warnings: Warnings,
});
export const MetricAlertUpdated = Component('MetricAlertUpdated', {
  message: Message('Alert saved.'),
  alert: MetricAlert,
  warnings: Warnings,
});
export const MetricAlertDeleted = Component('MetricAlertDeleted', { message: Message('Alert deleted.') });

export const HistoryQuery = Obj({
  limit: Type.Integer({
    format: 'int32',
    minimum: 1,
    maximum: 500,
    default: 50,
    example: 50,
    description: 'Most entries of the answer.',
  }),
});

export const MetricAlertHistory = Component('MetricAlertHistory', {
  data: List(
    Component('MetricAlertHappening', {
      event_type: Enum([
        'triggered',
        'resolved',
        'no_data',
        'data_returned',
        'enabled',
        'disabled',
        'changed',
      ]),
      metric_value: Nullable(Type.Number({ example: 93.1 })),
      threshold_value: Nullable(Type.Number({ example: 90 })),
      prometheus_query: Nullable(
        Text(1000, 'cpu_usage', { description: 'Always null: queries are not shown.' }),
      ),
      occurred_at: Nullable(Timestamp()),
    }),
    { maxItems: 500 },
  ),
  meta: Obj({ limit: Nullable(Int(50)) }),
});

export const AvailableMetrics = Component('AvailableMetrics', {
  data: List(
    Component('AvailableMetric', {
      value: Text(60, 'cpu_usage', { description: 'Send it as `metric_type`.' }),
      label: Text(100, 'CPU usage'),
      unit: Text(20, '%'),
      description: Text(500, 'Processor time in use, of what its plan has.'),
    }),
    { maxItems: 100 },
  ),
  meta: Obj({
    resource_type: Text(50, 'vps'),
    alertable: Type.Boolean({ example: true }),
    alertable_resource_types: List(Text(50, 'vps'), { maxItems: 20 }),
  }),
});
