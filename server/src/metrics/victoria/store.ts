import type {
  InstantQuery,
  MetricsStore,
  QueryScope,
  RangeQuery,
  ResourceOfTeam,
  Sample,
} from '../contract.ts';
import { type Connection, VictoriaClient } from './client.ts';
import { anyOf, PREFIX, quoted, toPromQl } from './promql.ts';

export interface VictoriaOptions {
  connect: () => Promise<Connection>;
  /** Several installs may share a store: each has a label, and sees only its own series. */
  installId: string;
}

/** Lines of a push; a page over 16 MiB is refused, and a line is about 120 bytes. */
const LINES = 20_000;
/** Resources that one request names: VictoriaMetrics looks up so many in its index, and compares more than these one by one. */
const NAMED = 100;
/** Beyond so many, all resources are asked for, and those that are wanted picked. */
const MOST_NAMED = 1000;

type Labels = Record<string, string>;
/** Time in seconds, and the value as text. */
type Pair = [number, string];

/** VictoriaMetrics, or what takes the same requests: a single node, or a cluster behind vmauth. */
export function createVictoriaStore({ connect, installId }: VictoriaOptions): MetricsStore {
  const client = new VictoriaClient(connect);
  const own = `install=${quoted(installId)}`;

  /** Asks for each part of the scope. Filters are set from outside the query, which cannot get around them. */
  async function ask<T>(
    path: string,
    { teamId, resources }: QueryScope,
    form: readonly [string, string][],
  ): Promise<T[]> {
    const team = teamId === null ? [] : [`team="${teamId}"`];
    const parts = resources === 'all' || resources.length > MOST_NAMED ? [null] : chunksOf(resources, NAMED);
    const answers: T[] = [];
    for (const part of parts) {
      const filter = [own, ...team, ...(part ? [`resource=~${anyOf(part)}`] : [])].join(',');
      const { result } = await client.ask<{ result: T[] }>(path, [
        ...form,
        ['extra_filters[]', `{${filter}}`],
        ['nocache', '1'],
      ]);
      answers.push(...result);
    }
    return answers;
  }

  /** Whether a series is one that was asked for, also where a store knows no filters from outside. */
  const wanted = ({ teamId, resources }: QueryScope) => {
    const names = resources === 'all' ? null : new Set(resources);
    return ({ install, team, resource }: Labels): boolean =>
      install === installId &&
      (teamId === null || team === String(teamId)) &&
      (names === null || names.has(resource!));
  };

  return {
    name: 'victoria',
    async push(samples) {
      for (const part of chunksOf(samples, LINES)) {
        await client.send('/api/v1/import/prometheus', part.map((sample) => lineOf(own, sample)).join(''));
      }
    },
    async query({ expression, at = Date.now(), ...scope }: InstantQuery) {
      const found = await ask<{ metric: Labels; value: Pair }>('/api/v1/query', scope, [
        ['query', toPromQl(expression, 0)],
        ['time', String(at / 1000)],
      ]);
      const isWanted = wanted(scope);
      return new Map(
        found
          .filter(({ metric }) => isWanted(metric))
          .map(({ metric, value }) => [metric.resource!, Number(value[1])]),
      );
    },
    async queryRange({ expression, from, to, stepSeconds, ...scope }: RangeQuery) {
      const found = await ask<{ metric: Labels; values: Pair[] }>('/api/v1/query_range', scope, [
        ['query', toPromQl(expression, stepSeconds)],
        ['start', String(from / 1000)],
        ['end', String(to / 1000)],
        ['step', `${stepSeconds}s`],
      ]);
      const isWanted = wanted(scope);
      const count = Math.floor((to - from) / (stepSeconds * 1000)) + 1;
      return new Map(
        found
          .filter(({ metric }) => isWanted(metric))
          .map(({ metric, values }) => [metric.resource!, spread(values, from, stepSeconds, count)]),
      );
    },
    async listResources(series) {
      const found = await client.ask<Labels[]>('/api/v1/series', [
        ['match[]', `${PREFIX}${series}{${own}}`],
        ['start', '1'],
      ]);
      return found.map(({ team, resource }) => ({ teamId: Number(team), resource: resource! }));
    },
    async deleteResource({ teamId, resource }: ResourceOfTeam) {
      const match = `{${own},team="${teamId}",resource=${quoted(resource)}}`;
      await client.send('/api/v1/admin/tsdb/delete_series', new URLSearchParams({ 'match[]': match }));
    },
    isReady: () =>
      // Its page on health wants no password.
      client.ask('/api/v1/query', [['query', '1']]).then(
        () => true,
        () => false,
      ),
    close: async () => {},
  };
}

const lineOf = (own: string, { series, teamId, resource, value, at }: Sample): string =>
  `${PREFIX}${series}{${own},team="${teamId}",resource=${quoted(resource)}} ${value} ${at}\n`;

/** The values at each step; null where there is none. */
function spread(pairs: readonly Pair[], from: number, stepSeconds: number, count: number): (number | null)[] {
  const values = new Array<number | null>(count).fill(null);
  for (const [seconds, value] of pairs) {
    const place = Math.round((seconds * 1000 - from) / (stepSeconds * 1000));
    if (place >= 0 && place < count) values[place] = Number(value);
  }
  return values;
}

function chunksOf<T>(items: readonly T[], size: number): (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
