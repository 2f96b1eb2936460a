import { type Static, Type } from 'typebox';
import { normal, warning } from '../../events/catalogue.ts';

/** What an alert watches for. */
const Rule = Type.Object({
  name: Type.Union([Type.String(), Type.Null()]),
  /** The instance that it watches. */
  resource_type: Type.String(),
  resource_id: Type.String(),
  resource_name: Type.String(),
  metric: Type.String(),
  comparison: Type.String(),
  threshold: Type.Number(),
  unit: Type.String(),
});

/** What an event tells of an alert that turns. */
const Told = Type.Object({
  ...Rule.properties,
  value: Type.Union([Type.Number(), Type.Null()]),
  /** It goes to these channels only. */
  channels: Type.Array(Type.String()),
});

const Resolved = Type.Object({
  ...Told.properties,
  because: Type.Enum(['value', 'changed', 'disabled', 'deleted', 'resource_deleted']),
});

const WHY = {
  value: '',
  changed: ' The alert was changed.',
  disabled: ' The alert was disabled.',
  deleted: ' The alert was deleted.',
  resource_deleted: ' What it watched was deleted.',
};

const watches = ({ resource_name, metric, comparison, threshold, unit }: Static<typeof Rule>): string =>
  `${resource_name}: ${metric} ${comparison} ${withUnit(threshold, unit)}`;

/** What is done to alerts, and what becomes of them. */
export const alertEvents = {
  created: normal('alert.created', 'Created', Rule, (rule) => `The alert on ${watches(rule)} was created.`),
  updated: normal('alert.updated', 'Updated', Rule, (rule) => `The alert was changed to ${watches(rule)}.`),
  enabled: normal('alert.enabled', 'Enabled', Rule, (rule) => `The alert on ${watches(rule)} was enabled.`),
  disabled: normal(
    'alert.disabled',
    'Disabled',
    Rule,
    (rule) => `The alert on ${watches(rule)} was disabled.`,
  ),
  deleted: normal('alert.deleted', 'Deleted', Rule, (rule) => `The alert on ${watches(rule)} was deleted.`),
  fired: warning(
    'alert.fired',
    'Fired',
    Told,
    ({ resource_name, metric, comparison, threshold, unit, value }) =>
      `${resource_name}: ${metric} is ${withUnit(value, unit)}, which is ${comparison} ${withUnit(threshold, unit)}.`,
  ),
  resolved: normal(
    'alert.resolved',
    'Resolved',
    Resolved,
    ({ resource_name, metric, unit, value, because }) =>
      value === null
        ? `${resource_name}: the alert on ${metric} is over.${WHY[because]}`
        : `${resource_name}: the alert on ${metric} is over. It is ${withUnit(value, unit)} now.${WHY[because]}`,
  ),
};

const withUnit = (value: number | null, unit: string): string => {
  const text = value === null ? 'unknown' : String(Math.round(value * 100) / 100);
  return unit === '%' ? `${text} %` : `${text} ${unit}`;
};
