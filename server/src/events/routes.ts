import { Type } from 'typebox';
import type { Database } from '../db/database.ts';
import type { Api } from '../http/api.ts';
import { STANDING } from '../http/authenticator.ts';
import { type TeamPrincipal, teamPrincipal } from '../http/principal.ts';
import { readableTypes } from '../http/scopes.ts';
import { invalid } from '../lib/errors.ts';
import type { EventFeed } from './feed.ts';
import type { ProgressFeed } from './progress.ts';
import { EventLog, EventQuery, EventStreamQuery, LastEventId } from './schema.ts';
import { BEGINNING, readLatest, readTeamEvents, readTeamEventsBefore, type TeamEvents } from './store.ts';
import { EVENT_STREAM, EventStreams, STREAMS_PER_TEAM } from './streams.ts';
import { viewEvent } from './view.ts';

const tags = ['Events'];
const SCOPES =
  'Shows events about resources that the token may read, for example those of VPS with `vps:read`.';

/** Routes for the log of a team's events. */
export function eventRoutes(api: Api, database: Database, feed: EventFeed, progress: ProgressFeed): void {
  listRoute(api, database);
  streamRoute(api, feed, progress);
}

function listRoute(api: Api, database: Database): void {
  api.get(
    '/events',
    {
      schema: {
        operationId: 'listEvents',
        summary: 'List events',
        description:
          'Lists what happened to the team’s resources, in the order of the log, or the newest first. A program that sends the `next_after` of each ' +
          `answer as \`after\` sees every event exactly once. ${SCOPES}`,
        tags,
        querystring: EventQuery,
        response: { 200: EventLog },
      },
      config: { scope: null },
    },
    async ({ principal, query }) => {
      assertOneDirection(query);
      const latest = await readLatest(database);
      if (isNewestFirst(query)) return newestFirst(database, wantedBy(principal, query), query, latest);
      if (query.after === 'latest')
        return { data: [], next_after: latest, next_before: null, has_more: false };
      const after = Number(query.after ?? BEGINNING);
      const found = await readTeamEvents(database.db, wantedBy(principal, query), after, query.limit + 1);
      const events = found.slice(0, query.limit);
      const last = events.at(-1)?.position ?? after;
      const has_more = found.length > events.length;
      const next_after = has_more ? last : Math.max(last, latest);
      return { data: events.map(viewEvent), next_after, next_before: null, has_more };
    },
  );
}

const isNewestFirst = ({ order, before }: Pick<EventQuery, 'order' | 'before'>): boolean =>
  order === 'desc' || (order === undefined && before !== undefined);

/** Throws `validation_failed` for a place in the log that is no place to go on from in this direction. */
function assertOneDirection(query: EventQuery): void {
  const { order, after, before } = query;
  if (isNewestFirst(query) && after !== undefined)
    throw invalid({
      after: ['The after field is for the order of the log. For the newest first, use before.'],
    });
  if (order === 'asc' && before !== undefined)
    throw invalid({
      before: ['The before field is for the newest first. For the order of the log, use after.'],
    });
}

/** A page from the end of the log. A program that then follows the log goes on from `next_after`. */
async function newestFirst(
  database: Database,
  wanted: TeamEvents,
  { before, limit }: EventQuery,
  latest: number,
) {
  const end = before === undefined ? latest + 1 : Number(before);
  const found = await readTeamEventsBefore(database.db, wanted, end, limit + 1);
  const events = found.slice(0, limit);
  const has_more = found.length > events.length;
  return {
    data: events.map(viewEvent),
    next_after: latest,
    next_before: has_more ? events.at(-1)!.position : null,
    has_more,
  };
}

function streamRoute(api: Api, feed: EventFeed, operations: ProgressFeed): void {
  const streams = new EventStreams(feed);
  // Before the server waits for the requests in progress.
  api.addHook('preClose', async () => streams.close());
  api.addHook('onClose', () => feed.close());
  api.get(
    '/events/stream',
    {
      schema: {
        operationId: 'streamEvents',
        summary: 'Follow events',
        description:
          'The same events as they happen, as server-sent events: `id` is that of the event, `event` its type, and `data` the ' +
          'event as in the list. The stream goes on until the client hangs up or the server is restarted; then come back with ' +
          `the last id in the header \`Last-Event-ID\`, and nothing is missed. Up to ${STREAMS_PER_TEAM} streams of one team ` +
          `may be open. ${SCOPES}`,
        tags,
        querystring: EventStreamQuery,
        response: { 200: Type.String({ maxLength: 1_000_000, example: 'id: 1842\n\n' }) },
      },
      config: { scope: null, mediaType: 'text/event-stream', errors: ['rate_limited'] },
    },
    async (request, reply) => {
      const { principal, query, headers } = request;
      const teamId = principal.team.id;
      const from = lastEventId(headers['last-event-id']) ?? query.after;
      const after = from === undefined || from === 'latest' ? await feed.latest() : Number(from);
      streams.assertRoom(teamId);
      if (request.method === 'HEAD') return reply.type(EVENT_STREAM).send('');
      reply.hijack();
      void streams.run({
        raw: reply.raw,
        headers: reply.getHeaders(),
        log: request.log,
        teamId,
        after,
        progress: query.progress === 'true' ? operations.open(teamId) : null,
        wanted: async () => {
          const identity = await api.authenticator.authenticate(request, STANDING);
          return wantedBy(teamPrincipal(identity, headers['x-team-id'], request.id), query);
        },
      });
    },
  );
}

function lastEventId(header: string | string[] | undefined): string | undefined {
  if (header === undefined || header === '') return undefined;
  if (typeof header === 'string' && LastEventId.test(header)) return header;
  throw invalid({ 'Last-Event-ID': ['The Last-Event-ID header must be the id of an event.'] });
}

/** What the principal may read of what the query asks for. */
function wantedBy({ team, scopes }: TeamPrincipal, query: EventStreamQuery): TeamEvents {
  const { type, resource_type: resourceType, resource_id: resourceId } = query;
  return {
    teamId: team.id,
    resourceTypes: readableTypes(scopes),
    type,
    resourceType,
    resourceId: resourceId?.toLowerCase(),
  };
}
