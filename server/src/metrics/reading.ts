import { parseTime } from '../http/schema.ts';
import { AppError, invalid } from '../lib/errors.ts';
import { METRICS, type Metric } from './catalogue.ts';
import { type Expression, type MetricsStore, MetricsUnavailable, type ResourceOfTeam } from './contract.ts';
import { type HistoryQuery, type MetricHistory, MOST_POINTS } from './schema.ts';

const HOUR = 3_600_000;
/** Points that an answer has at most where nobody asks for another step. */
const USUAL_POINTS = 240;
/** Seconds between points, of which the smallest that fits is taken. */
const STEPS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800];

/** The values of a metric over time. Throws `validation_failed` for a time or a step that cannot be. */
export async function readHistory(
  store: MetricsStore,
  { teamId, resource }: ResourceOfTeam,
  metric: Metric,
  query: HistoryQuery,
): Promise<MetricHistory> {
  const { from, to, step } = spanOf(query, metric.everySeconds, Date.now());
  const found =
    to < from
      ? new Map<string, (number | null)[]>()
      : await answered(() =>
          store.queryRange({
            teamId,
            resources: [resource],
            expression: metric.expression,
            from,
            to,
            stepSeconds: step,
          }),
        );
  const values = found.get(resource);
  const count = to < from ? 0 : Math.floor((to - from) / (step * 1000)) + 1;
  return {
    metric: metric.name,
    unit: metric.unit,
    from: timeOf(from),
    to: timeOf(Math.max(from, to)),
    step,
    points: Array.from({ length: count }, (_, index) => ({
      time: timeOf(from + index * step * 1000),
      value: values?.[index] ?? null,
    })),
  };
}

const timeOf = (at: number): string => new Date(at).toISOString();

/** First and last moment, in milliseconds, as multiples of the step; the last is not in the future. */
function spanOf(query: HistoryQuery, everySeconds: number, now: number) {
  const to = query.to === undefined ? now : parseTime(query.to);
  const from = query.from === undefined ? to - HOUR : parseTime(query.from);
  if (!(from >= 0)) throw invalid({ from: ['The from field must be a time after 1970-01-01.'] });
  if (!(from < to)) throw invalid({ from: ['The from field must be before the to field.'] });
  const seconds = (to - from) / 1000;
  const step =
    query.step ?? STEPS.find((one) => one >= everySeconds && seconds / one <= USUAL_POINTS) ?? STEPS.at(-1)!;
  if (seconds / step >= MOST_POINTS) {
    const least = Math.ceil(seconds / (MOST_POINTS - 1));
    throw invalid({
      [query.step === undefined ? 'from' : 'step']: [
        `An answer has at most ${MOST_POINTS} points. For this time, the step field must be at least ${least}.`,
      ],
    });
  }
  const unit = step * 1000;
  return {
    from: Math.ceil(from / unit) * unit,
    to: Math.floor(Math.min(to, now) / unit) * unit,
    step,
  };
}

/** The present value of each of these expressions; null where it was not measured. */
export async function readPresent<Name extends string>(
  store: MetricsStore,
  { teamId, resource }: ResourceOfTeam,
  expressions: Readonly<Record<Name, Expression>>,
): Promise<Record<Name, number | null>> {
  const values = await Promise.all(
    Object.entries<Expression>(expressions).map(async ([name, expression]) => {
      const found = await answered(() => store.query({ teamId, resources: [resource], expression }));
      return [name, found.get(resource) ?? null];
    }),
  );
  return Object.fromEntries(values);
}

/** The present values of a metric, of those of the team’s resources that have one. One question to the store. */
export const readCurrent = (
  store: MetricsStore,
  teamId: number,
  resources: readonly string[],
  { expression }: Metric,
): Promise<Map<string, number>> => answered(() => store.query({ teamId, resources, expression }));

/** The expression of a metric that is known to exist. */
export function expressionOf(name: string): Expression {
  const found = METRICS.find((metric) => metric.name === name);
  if (!found) throw new Error(`There is no metric "${name}".`);
  return found.expression;
}

async function answered<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    if (!(cause instanceof MetricsUnavailable)) throw cause;
    throw new AppError('unavailable', 'Metrics cannot be read at the moment. Try again shortly.', {
      cause,
      extra: { reason: 'metrics_unreachable' },
    });
  }
}
