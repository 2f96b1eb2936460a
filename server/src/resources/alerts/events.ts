import { Type } from 'typebox';
import { normal, warning } from '../../events/catalogue.ts';

/** What an event tells of an alert. */
const Told = Type.Object({
  name: Type.Union([Type.String(), Type.Null()]),
  /** The instance that it watches. */
  resource_type: Type.String(),
  resource_id: Type.String(),
  resource_name: Type.String(),
  metric: Type.String(),
  comparison: Type.String(),
  threshold: Type.Number(),
  unit: Type.String(),
  value: Type.Union([Type.Number(), Type.Null()]),
  /** It goes to these channels only. */
  channels: Type.Array(Type.String()),
});

const Resolved = Type.Object({
  ...Told.properties,
  because: Type.Enum(['value', 'changed', 'disabled', 'deleted']),
});

const WHY = {
  value: '',
  changed: ' The alert was changed.',
  disabled: ' The alert was disabled.',
  deleted: ' The alert was deleted.',
};

/** Events of alerts. */
export const alertEvents = {
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
