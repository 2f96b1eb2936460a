import type { FastifyRequest } from 'fastify';
import type { TObject } from 'typebox';
import type { Database } from '../db/database.ts';
import type { Api } from '../http/api.ts';
import type { TeamPrincipal } from '../http/principal.ts';
import type { Scope } from '../http/scopes.ts';
import { metricOf } from './catalogue.ts';
import type { MetricsStore } from './contract.ts';
import { readCurrent, readHistory } from './reading.ts';
import { CurrentMetrics, CurrentQuery, HistoryQuery, MetricHistory } from './schema.ts';

/** What the routes need to know of a kind of instance. */
export interface MeasuredKind {
  /** Name of the kind: `vps`. */
  kind: string;
  /** Path of all instances, and of one, for example `/vps/:vpsInstance`. */
  path: string;
  one: string;
  params: TObject;
  /** Used in operation ids: `Vps`. */
  label: string;
  noun: string;
  tags: string[];
  scope: Scope;
  /** Reads the row that the request is about; throws `not_found`. */
  find(request: FastifyRequest): Promise<{ id: string; team_id: number }>;
}

/** The routes for the metrics that are stored of instances of a kind. */
export function metricRoutes(
  api: Api,
  measured: MeasuredKind,
  { database, metrics: store }: { database: Database; metrics: MetricsStore },
): void {
  const { kind, path, one, params, label, noun, tags, scope, find } = measured;
  api.get(
    `${one}/metrics/history`,
    {
      config: { scope },
      schema: {
        operationId: `get${label}MetricHistory`,
        summary: 'Show a metric over time',
        description:
          `Shows one figure of the ${noun} at equal steps. A point is null where nothing was measured. Where a step ` +
          'is longer than the metric is measured, its point is the average of the step.',
        tags,
        params,
        querystring: HistoryQuery(kind),
        response: { 200: MetricHistory },
      },
    },
    async (request) => {
      const row = await find(request);
      const query = request.query as HistoryQuery;
      const resource = { teamId: row.team_id, resource: row.id };
      return readHistory(store, resource, metricOf(kind, query.metric)!, query);
    },
  );
  api.get(
    `${path}/metrics`,
    {
      config: { scope },
      schema: {
        operationId: `list${label}Metrics`,
        summary: `Show a metric of all ${noun}s`,
        description: `Shows the present figure of each of the team’s ${noun}s that has one, for a list of them.`,
        tags,
        querystring: CurrentQuery(kind),
        response: { 200: CurrentMetrics },
      },
    },
    async (request) => {
      const { principal, query } = request as {
        principal: TeamPrincipal;
        query: { metric: string };
      };
      const metric = metricOf(kind, query.metric)!;
      const time = new Date().toISOString();
      const { id: teamId } = principal.team;
      const rows = await database.db
        .selectFrom('instances')
        .select('id')
        .where('team_id', '=', teamId)
        .where('kind', '=', kind)
        .execute();
      const ids = rows.map(({ id }) => id);
      const found = await readCurrent(store, teamId, ids, metric);
      return {
        metric: metric.name,
        unit: metric.unit,
        time,
        data: Array.from(found, ([id, value]) => ({ id, value })),
      };
    },
  );
}
