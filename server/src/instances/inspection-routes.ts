import type { FastifyRequest } from 'fastify';
import type { Static, TObject } from 'typebox';
import type { Api } from '../http/api.ts';
import type { Scope } from '../http/scopes.ts';
import type { Observation, PassClock } from '../reconcilers/reconcilers.ts';
import { Diagnosis, Events } from './inspection-schema.ts';

/** What the inspection routes need to know of a kind of instance. */
export interface InspectedKind<Row> {
  /** Path of one instance, for example `/vps/:vpsInstance`. */
  path: string;
  params: TObject;
  /** Used in operation ids: `Vps`. */
  label: string;
  /** Used in headings (`VPS`) and in sentences (`server`). */
  title: string;
  noun: string;
  tags: string[];
  scope: Scope;
  /** Reads the row that the request is about; throws `not_found`. */
  find(request: FastifyRequest): Promise<Row>;
  events(row: Row): Promise<Static<typeof Events>['data']['events']>;
  /** `seen`: what is known of all instances at once. */
  diagnose(row: Row, seen: Observation): Promise<Static<typeof Diagnosis>['data']>;
}

/** The routes for an instance's events and diagnosis. */
export function commonInspectionRoutes<Row>(api: Api, kind: InspectedKind<Row>, clock: PassClock): void {
  const { path, params, label, title, noun, tags, scope } = kind;
  const meta = (request: FastifyRequest) => ({ request_id: request.id });
  api.get(
    `${path}/events`,
    {
      config: { scope },
      schema: {
        operationId: `get${label}Events`,
        summary: 'List events',
        description: `Lists what Danube did with the ${noun} and what it noticed, newest first.`,
        tags,
        params,
        response: { 200: Events },
      },
    },
    async (request) => {
      const events = await kind.events(await kind.find(request));
      return { success: true, data: { available: true, events }, error: null, meta: meta(request) };
    },
  );
  api.get(
    `${path}/diagnose`,
    {
      config: { scope, asksInstance: true },
      schema: {
        operationId: `diagnose${label}`,
        summary: `Diagnose a ${title}`,
        description: 'Looks for problems, and lists them with their remedies, the most severe first.',
        tags,
        params,
        response: { 200: Diagnosis },
      },
    },
    async (request) => {
      const [row, seen] = await Promise.all([kind.find(request), clock.observe()]);
      const data = await kind.diagnose(row, seen);
      return { success: true, data, error: null, meta: meta(request) };
    },
  );
}
