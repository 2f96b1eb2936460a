import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { Api } from '../../http/api.ts';
import { parseTime } from '../../http/schema.ts';
import { commonInspectionRoutes } from '../../instances/inspection-routes.ts';
import { metricRoutes } from '../../metrics/routes.ts';
import { Inspection } from './inspection.ts';
import { Logs, LogsQuery } from './inspection-schema.ts';
import { routeParts, type ServiceRouteDependencies } from './route-parts.ts';
import type { ServiceActions } from './service.ts';
import type { Wire } from './wire.ts';

/** Log, events, metrics and diagnosis of a database or cache. */
export function inspectionRoutes(
  api: Api,
  { database, plane, metrics, clock, service }: ServiceRouteDependencies,
  metricsSchema: TSchema,
  viewMetrics: Wire['viewMetrics'],
): void {
  const { kind, noun, label, path, one, tags, params, scope, idOf } = routeParts(service);
  const find = (request: FastifyRequest) => service.find(request.principal, idOf(request));
  const inspection = new Inspection({ database, plane });
  logsRoute(api, service, inspection);
  commonInspectionRoutes(
    api,
    {
      path: one,
      params,
      label,
      title: noun,
      noun,
      tags,
      scope: scope('read'),
      find,
      events: (row) => inspection.events(row),
      diagnose: (row, seen) => inspection.diagnose(row, seen),
    },
    clock,
  );
  metricsRoute(api, service, inspection, metricsSchema, viewMetrics);
  metricRoutes(
    api,
    { kind, path, one, params, label, noun, tags, scope: scope('read'), find },
    { database, metrics },
  );
}

function logsRoute(api: Api, service: ServiceActions, inspection: Inspection): void {
  const { label, one, tags, params, scope, idOf } = routeParts(service);
  api.get(
    `${one}/logs`,
    {
      config: { scope: scope('read'), asksInstance: true },
      schema: {
        operationId: `get${label}Logs`,
        summary: 'Read the engine’s log',
        description:
          'Lists the newest entries of the engine’s own log, oldest first. With `since` or `cursor`, it lists those ' +
          'that follow.',
        tags,
        params,
        querystring: LogsQuery,
        response: { 200: Logs },
      },
    },
    async (request) => {
      const query = readLogsQuery(request.query);
      const { cursor, truncated, ...data } = await inspection.logs(
        await service.find(request.principal, idOf(request)),
        query,
      );
      return { success: true, data, error: null, meta: { request_id: request.id, cursor, truncated } };
    },
  );
}

function metricsRoute(
  api: Api,
  service: ServiceActions,
  inspection: Inspection,
  metricsSchema: TSchema,
  viewMetrics: Wire['viewMetrics'],
): void {
  const { label, one, tags, params, scope, idOf } = routeParts(service);
  api.get(
    `${one}/metrics`,
    {
      config: { scope: scope('read'), asksInstance: true },
      schema: {
        operationId: `get${label}Metrics`,
        summary: 'Show metrics',
        description:
          'Shows current figures from the engine. Those that it does not have are null; `reason` says why.',
        tags,
        params,
        response: { 200: metricsSchema },
      },
    },
    async (request) => {
      const row = await service.find(request.principal, idOf(request));
      const found = await inspection.metrics(row);
      return { ...viewMetrics(found), instance: { id: row.id, name: row.name } };
    },
  );
}

const readLogsQuery = ({ since, until, cursor, limit, level }: LogsQuery) => ({
  since: since === undefined ? null : parseTime(since),
  until: until === undefined ? null : parseTime(until),
  cursor: cursor ?? null,
  limit: limit ?? 100,
  level: level ?? null,
});
