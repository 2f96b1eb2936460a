import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { Api } from '../../http/api.ts';
import type { Scope } from '../../http/scopes.ts';
import { commonInspectionRoutes } from '../../instances/inspection-routes.ts';
import { invalid } from '../../lib/errors.ts';
import { Inspection } from './inspection.ts';
import { Logs, LogsQuery } from './inspection-schema.ts';
import { KINDS } from './kinds.ts';
import type { ServiceRouteDependencies } from './routes.ts';
import { serviceParams } from './schema.ts';
import type { Wire } from './wire.ts';

/** What goes on inside a database or cache: its log, its events, its numbers, and what is wrong with it. */
export function inspectionRoutes(
  api: Api,
  { database, plane, clock, service }: ServiceRouteDependencies,
  metricsSchema: TSchema,
  viewMetrics: Wire['viewMetrics'],
): void {
  const { kind } = service;
  const { noun, label, path, param } = KINDS[kind];
  const tags = [`${label}s`];
  const params = serviceParams[kind];
  const one = `${path}/:${param}`;
  const scope: Scope = `${kind}:read`;
  const inspection = new Inspection({ database, plane });
  const find = (request: FastifyRequest) =>
    service.find(request.principal, (request.params as Record<string, string>)[param]!);

  api.get(
    `${one}/logs`,
    {
      config: { scope },
      schema: {
        operationId: `get${label}Logs`,
        summary: 'Read the engine’s log',
        description:
          'The newest entries of the engine’s own log, oldest first; with `since` or `cursor`, those that follow.',
        tags,
        params,
        querystring: LogsQuery,
        response: { 200: Logs },
      },
    },
    async (request) => {
      const query = readLogsQuery(request.query);
      const { cursor, truncated, ...data } = await inspection.logs(await find(request), query);
      return { success: true, data, error: null, meta: { request_id: request.id, cursor, truncated } };
    },
  );
  commonInspectionRoutes(
    api,
    {
      path: one,
      params,
      label,
      title: noun,
      noun,
      tags,
      scope,
      find,
      events: (row) => inspection.events(row),
      diagnose: (row, comparedAt) => inspection.diagnose(row, comparedAt),
    },
    clock,
  );
  api.get(
    `${one}/metrics`,
    {
      config: { scope },
      schema: {
        operationId: `get${label}Metrics`,
        summary: 'Show metrics',
        description: 'Numbers that the engine reported just now. Null where it has none; `reason` says why.',
        tags,
        params,
        response: { 200: metricsSchema },
      },
    },
    async (request) => {
      const row = await find(request);
      const found = await inspection.metrics(row);
      return { ...viewMetrics(found), instance: { id: row.id, name: row.name } };
    },
  );
}

function readLogsQuery({ since, until, cursor, limit, level }: LogsQuery) {
  const time = (field: string, text: string | undefined): number | null => {
    if (text === undefined) return null;
    const parsed = Date.parse(text);
    if (Number.isNaN(parsed)) {
      throw invalid({
        [field]: [`The ${field} field must be a time in ISO 8601, for example 2026-01-15T09:30:00Z.`],
      });
    }
    return parsed;
  };
  return {
    since: time('since', since),
    until: time('until', until),
    cursor: cursor ?? null,
    limit: limit ?? 100,
    level: level ?? null,
  };
}
