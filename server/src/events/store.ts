import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { deleteInBatches } from '../db/batches.ts';
import type { Database, Queryable, Tx } from '../db/database.ts';
import type { Events } from '../db/schema.gen.ts';
import { lockInstall } from '../db/transaction-locks.ts';
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
    ${message(payload)}, ${JSON.stringify(cleaned(schema, payload))})`;

/**
 * Those members of a payload that its schema lists. Only what is no single value is cleaned by the library, which takes a hundred
 * times as long: thousands of alerts may fire at once.
 */
function cleaned(schema: TSchema, payload: unknown): Record<string, unknown> {
  const { properties } = schema as unknown as { properties: Record<string, TSchema> };
  const given = payload as Record<string, unknown>;
  const members = Object.entries(properties).map(([name, type]) => {
    const value = given[name];
    const isSingle = value === null || typeof value !== 'object';
    return [name, isSingle ? value : Value.Clean(type, Value.Clone(value))];
  });
  return Object.fromEntries(members);
}

/** Writes an event, in the transaction that makes the change it reports. */
export async function record<Payload extends TSchema>(
  tx: Tx,
  type: EventType<Payload>,
  subject: EventSubject,
  payload: Static<Payload>,
): Promise<void> {
  await eventInsert(type, subject, payload).execute(tx);
}

/** Writes events of one type in one statement, in this order. */
export async function recordAll<Payload extends TSchema>(
  tx: Tx,
  { name, severity, reason, payload: schema, message }: EventType<Payload>,
  events: readonly { subject: EventSubject; payload: Static<Payload> }[],
): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ subject, payload }) => ({
    team_id: subject.teamId,
    resource_type: subject.resourceType,
    resource_id: subject.resourceId,
    operation_id: subject.operationId ?? null,
    type: name,
    severity,
    reason,
    message: message(payload),
    payload: cleaned(schema, payload),
  }));
  await sql`
    insert into events (team_id, resource_type, resource_id, operation_id, type, severity, reason, message, payload)
    select team_id, resource_type, resource_id, operation_id, type, severity, reason, message, payload
    from rows from (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as (team_id bigint, resource_type text,
      resource_id text, operation_id uuid, type text, severity text, reason text, message text, payload jsonb))
      with ordinality
    order by ordinality`.execute(tx);
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

/** Channel on which the database tells that events were written. */
export const EVENTS_CHANNEL = 'danube_events';

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

/** Which of a team's events are read. */
export interface TeamEvents {
  teamId: number;
  /** Types of the resources that the reader may read. */
  resourceTypes: readonly string[];
  type?: string | undefined;
  resourceType?: string | undefined;
  resourceId?: string | undefined;
}

/** The type of the resource that an event is about: of an alert, of what it watches. */
export const subjectOf = ({
  resource_type,
  payload,
}: Pick<PlacedEvent, 'resource_type' | 'payload'>): string =>
  resource_type === 'alert' ? String((payload as { resource_type?: unknown }).resource_type) : resource_type;

/** The same, as SQL. */
const SUBJECT = sql<string>`case when resource_type = 'alert' then payload ->> 'resource_type' else resource_type end`;

/** Whether an event is one of those. */
export const isOf = ({ teamId, resourceTypes, type, resourceType, resourceId }: TeamEvents) => {
  const readable = new Set(resourceTypes);
  return (event: PlacedEvent): boolean =>
    event.team_id === teamId &&
    readable.has(subjectOf(event)) &&
    (type === undefined || event.type === type) &&
    (resourceType === undefined || event.resource_type === resourceType) &&
    (resourceId === undefined || event.resource_id === resourceId);
};

/**
 * Those of a team's events with a position above `after`: at most `limit`, in log order. Events that have no position yet
 * are left out; {@link readLatest} gives them one.
 */
export async function readTeamEvents(
  db: Queryable,
  wanted: TeamEvents,
  after: number,
  limit: number,
): Promise<PlacedEvent[]> {
  if (wanted.resourceTypes.length === 0) return [];
  return teamEvents(db, wanted).where('position', '>', after).orderBy('position').limit(limit).execute();
}

/** The same with a position below `before`, the newest first. */
export async function readTeamEventsBefore(
  db: Queryable,
  wanted: TeamEvents,
  before: number,
  limit: number,
): Promise<PlacedEvent[]> {
  if (wanted.resourceTypes.length === 0) return [];
  return teamEvents(db, wanted)
    .where('position', '<', before)
    .orderBy('position', 'desc')
    .limit(limit)
    .execute();
}

const teamEvents = (db: Queryable, { teamId, resourceTypes, type, resourceType, resourceId }: TeamEvents) =>
  db
    .selectFrom('events')
    .selectAll()
    .where('team_id', '=', teamId)
    .where(SUBJECT, 'in', resourceTypes)
    .$if(type !== undefined, (events) => events.where('type', '=', type!))
    .$if(resourceType !== undefined, (events) => events.where('resource_type', '=', resourceType!))
    .$if(resourceId !== undefined, (events) => events.where('resource_id', '=', resourceId!))
    .$narrowType<{ position: number }>();

/** The position of the last event of all that were committed before the call. */
export async function readLatest(database: Database): Promise<number> {
  await placeEvents(database);
  const { last } = await database.db
    .selectFrom('events')
    .select(({ fn }) => fn.max('position').as('last'))
    .executeTakeFirstOrThrow();
  return last ?? BEGINNING;
}

/** Deletes events that are older than so many days. */
export async function purgeEvents(db: Queryable, days: number): Promise<void> {
  await deleteInBatches(
    db,
    (limit) => sql`
      delete from events where id in (select id from events
        where created_at < now() - make_interval(days => ${days}) and position is not null
        order by created_at limit ${limit})`,
  );
}

/**
 * Gives positions to events that were committed since the last call. Ids cannot serve as the order: they are assigned
 * when the event is written, so a reader that has seen event 12 would miss event 11 if 11's transaction committed
 * later. Positions are assigned to committed events only, by one transaction at a time, so when one is visible, all
 * smaller ones are too.
 */
async function placeEvents(database: Database): Promise<void> {
  const waiting = await database.db
    .selectFrom('events')
    .select('id')
    .where('position', 'is', null)
    .limit(1)
    .executeTakeFirst();
  if (!waiting) return;
  await database.transaction(async (tx) => {
    // A statement of its own: the update then takes its snapshot after the lock, and sees what the previous holder
    // committed.
    await lockInstall(tx, 'events');
    await sql`
      with placed as materialized (
        select id, nextval('event_positions') as position
        from (select id from events where position is null order by id limit ${PLACED_AT_ONCE}) next)
      update events set position = placed.position from placed where events.id = placed.id`.execute(tx);
  });
}
