import type {
  Expression,
  InstantQuery,
  MetricsStore,
  QueryScope,
  RangeQuery,
  ResourceOfTeam,
  Sample,
} from '../contract.ts';

interface Point {
  at: number;
  value: number;
}

/** The points of a resource, by series, in order of time. */
interface Kept extends ResourceOfTeam {
  series: Map<string, Point[]>;
}

/** Points that are kept of all resources together: a store in memory must end somewhere. */
const MOST_POINTS = 2_000_000;

/** A store in memory, which forgets everything when its process ends. */
export function createSimMetricsStore(): MetricsStore {
  const kept = new Map<string, Kept>();
  let points = 0;
  return {
    name: 'sim',
    async push(samples) {
      for (const sample of samples) insert(kept, sample);
      points += samples.length;
      if (points > MOST_POINTS) points = forgetOlderHalf(kept);
    },
    async query({ expression, at = Date.now(), ...scope }: InstantQuery) {
      const values = new Map<string, number>();
      for (const found of inScope(kept, scope)) {
        const value = evaluate(found, expression, at, 0);
        if (value !== null) values.set(found.resource, value);
      }
      return values;
    },
    async queryRange({ expression, from, to, stepSeconds, ...scope }: RangeQuery) {
      const answer = new Map<string, (number | null)[]>();
      for (const found of inScope(kept, scope)) {
        const values: (number | null)[] = [];
        for (let at = from; at <= to; at += stepSeconds * 1000) {
          values.push(evaluate(found, expression, at, stepSeconds));
        }
        if (values.some((value) => value !== null)) answer.set(found.resource, values);
      }
      return answer;
    },
    listResources: async (series) =>
      [...kept.values()]
        .filter((one) => one.series.has(series))
        .map(({ teamId, resource }) => ({ teamId, resource })),
    deleteResource: async (resource) => void kept.delete(keyOf(resource)),
    isReady: async () => true,
    close: async () => {},
  };
}

const keyOf = ({ teamId, resource }: ResourceOfTeam): string => `${teamId} ${resource}`;

function insert(kept: Map<string, Kept>, { teamId, resource, series, at, value }: Sample): void {
  const key = keyOf({ teamId, resource });
  const one: Kept = kept.get(key) ?? { teamId, resource, series: new Map() };
  kept.set(key, one);
  const points = one.series.get(series) ?? [];
  one.series.set(series, points);
  const place = points.findLastIndex((point) => point.at <= at);
  if (points[place]?.at === at) points[place] = { at, value };
  else points.splice(place + 1, 0, { at, value });
}

/** Returns how many points are left. */
function forgetOlderHalf(kept: ReadonlyMap<string, Kept>): number {
  let left = 0;
  for (const { series } of kept.values()) {
    for (const points of series.values()) {
      points.splice(0, Math.floor(points.length / 2));
      left += points.length;
    }
  }
  return left;
}

function inScope(kept: ReadonlyMap<string, Kept>, { teamId, resources }: QueryScope): Kept[] {
  const all = [...kept.values()].filter((one) => teamId === null || one.teamId === teamId);
  if (resources === 'all') return all;
  const wanted = new Set(resources);
  return all.filter(({ resource }) => wanted.has(resource));
}

/** The value at a moment; `stepSeconds` is 0 for a single moment. */
function evaluate(found: Kept, expression: Expression, at: number, stepSeconds: number): number | null {
  const of = (part: Expression): number | null => evaluate(found, part, at, stepSeconds);
  switch (expression.kind) {
    case 'last':
    case 'rate': {
      const { kind, series, windowSeconds } = expression;
      const from = at - Math.max(windowSeconds, stepSeconds) * 1000;
      const points = (found.series.get(series) ?? []).filter((point) => point.at > from && point.at <= at);
      if (kind === 'rate') return rateOf(points);
      if (points.length === 0) return null;
      return stepSeconds > windowSeconds
        ? points.reduce((sum, { value }) => sum + value, 0) / points.length
        : points.at(-1)!.value;
    }
    case 'sum': {
      const values = expression.of.map(of);
      return values.some((value) => value === null) ? null : values.reduce((sum, value) => sum! + value!, 0);
    }
    case 'ratio': {
      const [value, total] = [of(expression.of), of(expression.to)];
      return value === null || total === null || total === 0 ? null : value / total;
    }
    case 'times': {
      const value = of(expression.of);
      return value === null ? null : value * expression.factor;
    }
  }
}

function rateOf(points: readonly Point[]): number | null {
  const [first, ...others] = points;
  const last = others.at(-1);
  if (!first || !last) return null;
  let grown = 0;
  let before = first.value;
  for (const { value } of others) {
    grown += value < before ? value : value - before;
    before = value;
  }
  return grown / ((last.at - first.at) / 1000);
}
