import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { Database, Queryable, Tx } from '../db/database.ts';
import type { Events } from '../db/schema.gen.ts';
import type { EventType } from './catalogue.ts';

/** What an event is about. */
export interface EventSubject {
  teamId: number;
  resourceType: string;
  resourceId: string;
  /** The operation that it comes from, where there is one. */
  operationId?: string | null;
}

/**
 * In SQL: writes an event, with no more of `payload` than the catalogue lists. Only for what must be one statement with
 * another; see {@link record}.
 */
export const eventInsert = <Payload extends TSchema>(
  { name, severity, reason, payload: schema, message }: EventType<Payload>,
  { teamId, resourceType, resourceId, operationId = null }: EventSubject,
  payload: Static<Payload>,
): RawBuilder<unknown> => sql`
  insert into events (team_id, resource_type, resource_id, operation_id, type, severity, reason, message, payload)
  values (${teamId}, ${resourceType}, ${resourceId}, ${operationId}, ${name}, ${severity}, ${reason},
    ${message(payload)}, ${JSON.stringify(Value.Clean(schema, Value.Clone(payload)))})`;

/** Writes an event, in the transaction that makes it true. */
export async function record<Payload extends TSchema>(
  tx: Tx,
  type: EventType<Payload>,
  subject: EventSubject,
  payload: Static<Payload>,
): Promise<void> {
  await eventInsert(type, subject, payload).execute(tx);
}

/** The events of a resource, newest first. */
export const listEvents = (db: Queryable, resourceId: string, limit: number): Promise<Selectable<Events>[]> =>
  db
    .selectFrom('events')
    .selectAll()
    .where('resource_id', '=', resourceId)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** An event that has its place among all others. */
export type PlacedEvent = Selectable<Events> & { position: number };

/** Where a reader begins that wants all events. */
export const BEGINNING = 0;
/** Events that get their place at once: after an outage nobody holds the lock for long. */
const PLACED_AT_ONCE = 1000;

/**
 * The next events of all teams after a position, in their order: at most `limit`, none where there is nothing new. Who
 * goes on from the position of the last one sees each event exactly once, and all see the same order. What was
 * committed before the call has its place, except after an outage, when more calls are needed.
 */
export async function readEvents(database: Database, after: number, limit: number): Promise<PlacedEvent[]> {
  await placeEvents(database);
  return database.db
    .selectFrom('events')
    .selectAll()
    .where('position', '>', after)
    .$narrowType<{ position: number }>()
    .orderBy('position')
    .limit(limit)
    .execute();
}

/**
 * Gives events that were committed since the last time their positions. Ids do not do for an order: they are drawn when
 * an event is written, and a reader that has seen 12 would never see 11, whose transaction committed later. Positions
 * are given to what is committed already, by one transaction at a time: when one can be seen, so can all before it.
 */
async function placeEvents(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    // On its own: the statement after it sees what those before it in this line have committed.
    await sql`select pg_advisory_xact_lock(hashtext('danube.events'))`.execute(tx);
    await sql`
      with placed as materialized (
        select id, nextval('event_positions') as position
        from (select id from events where position is null order by id limit ${PLACED_AT_ONCE}) next)
      update events set position = placed.position from placed where events.id = placed.id`.execute(tx);
  });
}
