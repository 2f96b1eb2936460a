import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { Database, Queryable, Tx } from '../db/database.ts';
import type { Events } from '../db/schema.gen.ts';
import type { EventType } from './catalogue.ts';

/** The resource that an event is about. */
export interface EventSubject {
  teamId: number;
  resourceType: string;
  resourceId: string;
  /** The operation that caused it, if any. */
  operationId?: string | null;
}

/**
 * The SQL that writes an event, with only those members of `payload` that the catalogue lists. Use it only to combine
 * the insert with another statement; otherwise use {@link record}.
 */
export const eventInsert = <Payload extends TSchema>(
  { name, severity, reason, payload: schema, message }: EventType<Payload>,
  { teamId, resourceType, resourceId, operationId = null }: EventSubject,
  payload: Static<Payload>,
): RawBuilder<unknown> => sql`
  insert into events (team_id, resource_type, resource_id, operation_id, type, severity, reason, message, payload)
  values (${teamId}, ${resourceType}, ${resourceId}, ${operationId}, ${name}, ${severity}, ${reason},
    ${message(payload)}, ${JSON.stringify(Value.Clean(schema, Value.Clone(payload)))})`;

/** Writes an event, in the transaction that makes the change it reports. */
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

/** An event with its position in the log. */
export type PlacedEvent = Selectable<Events> & { position: number };

/** The position before the first event. */
export const BEGINNING = 0;
/**
 * Most events that get positions in one transaction, so that a backlog after an outage does not hold the lock for long.
 */
const PLACED_AT_ONCE = 1000;

/**
 * The next events of all teams after a position: at most `limit`, in log order. A reader that continues from the last
 * position it got sees each event exactly once, and all readers see the same order. Everything committed before the
 * call is included, except for a backlog of more than 1,000 events, which takes several calls.
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
 * Gives positions to events that were committed since the last call. Ids cannot serve as the order: they are assigned
 * when the event is written, so a reader that has seen event 12 would miss event 11 if 11's transaction committed
 * later. Positions are assigned to committed events only, by one transaction at a time, so when one is visible, all
 * smaller ones are too.
 */
async function placeEvents(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    // A statement of its own: the update then takes its snapshot after the lock, and sees what the previous holder
    // committed.
    await sql`select pg_advisory_xact_lock(hashtext('danube.events'))`.execute(tx);
    await sql`
      with placed as materialized (
        select id, nextval('event_positions') as position
        from (select id from events where position is null order by id limit ${PLACED_AT_ONCE}) next)
      update events set position = placed.position from placed where events.id = placed.id`.execute(tx);
  });
}
