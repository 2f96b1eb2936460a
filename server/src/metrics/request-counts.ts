import type { Family, Value } from './exposition.ts';

/** Upper bounds of the buckets, in seconds. */
const BOUNDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, Number.POSITIVE_INFINITY];

/** Requests that this process has answered. */
export interface RequestCounts {
  count(method: string, status: number, seconds: number): void;
  families(): Family[];
}

export function createRequestCounts(): RequestCounts {
  const counts = new Map<string, { labels: Record<string, string>; count: number }>();
  const buckets = BOUNDS.map(() => 0);
  let sum = 0;
  return {
    count(method, status, seconds) {
      const labels = { method, status: `${Math.floor(status / 100)}xx` };
      const key = `${method} ${labels.status}`;
      const one = counts.get(key) ?? { labels, count: 0 };
      counts.set(key, one);
      one.count += 1;
      sum += seconds;
      for (const [index, bound] of BOUNDS.entries()) if (seconds <= bound) buckets[index]! += 1;
    },
    families: () => [
      {
        name: 'danube_http_requests_total',
        help: 'Requests to the API that this process has answered.',
        type: 'counter',
        values: Array.from(counts.values(), ({ labels, count }) => ({ labels, value: count })),
      },
      {
        name: 'danube_http_request_seconds',
        help: 'Time from the beginning of a request to the end of its answer.',
        type: 'histogram',
        values: [
          ...BOUNDS.map(
            (bound, index): Value => ({
              suffix: '_bucket',
              labels: { le: bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound) },
              value: buckets[index]!,
            }),
          ),
          { suffix: '_sum', value: sum },
          { suffix: '_count', value: buckets.at(-1)! },
        ],
      },
    ],
  };
}
