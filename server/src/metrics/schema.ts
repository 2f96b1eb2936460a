import { type Static, Type } from 'typebox';
import { Component, Enum, Id, Int, List, Nullable, Obj, Text, Timestamp, TimeText } from '../http/schema.ts';
import { METRICS, metricsOf } from './catalogue.ts';

/** Points of one answer. */
export const MOST_POINTS = 1000;
const LONGEST_STEP = 7 * 24 * 3600;

/** The names of a kind's metrics. */
const namesOf = (kind: string) =>
  Enum(metricsOf(kind).map(({ name }) => name) as [string, ...string[]], {
    description: 'What is asked for, see docs/metrics.md.',
    example: 'cpu_usage',
  });

const Unit = Enum([...new Set(METRICS.map(({ unit }) => unit))] as [string, ...string[]]);
const Value = Nullable(
  Type.Number({
    example: 12.5,
    description: 'Null: nothing was measured, for example because it did not run.',
  }),
);

export const HistoryQuery = (kind: string) =>
  Obj({
    metric: namesOf(kind),
    from: Type.Optional(
      TimeText('2026-01-15T09:30:00Z', 'The first moment (ISO 8601); an hour before the last by default.'),
    ),
    to: Type.Optional(TimeText('2026-01-15T10:30:00Z', 'The last moment (ISO 8601); now by default.')),
    step: Type.Optional(
      Int(60, {
        minimum: 15,
        maximum: LONGEST_STEP,
        description: `Seconds between two points; by default what makes at most 240 points. An answer has at most ${MOST_POINTS}.`,
      }),
    ),
  });
export type HistoryQuery = { metric: string; from?: string; to?: string; step?: number };

export const MetricHistory = Component('MetricHistory', {
  metric: Text(60, 'cpu_usage'),
  unit: Unit,
  from: Timestamp('The moment of the first point: `from`, rounded up to a multiple of the step.'),
  to: Timestamp('The moment of the last point.'),
  step: Int(60),
  points: List(Component('MetricPoint', { time: Timestamp(), value: Value })),
});
export type MetricHistory = Static<typeof MetricHistory>;

export const CurrentQuery = (kind: string) => Obj({ metric: namesOf(kind) });

export const CurrentMetrics = Component('CurrentMetrics', {
  metric: Text(60, 'cpu_usage'),
  unit: Unit,
  time: Timestamp(),
  data: List(Component('CurrentMetric', { id: Id(), value: Type.Number({ example: 12.5 }) }), {
    description: 'Those that have a value now.',
  }),
});
