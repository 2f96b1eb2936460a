import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Static, TSchema } from 'typebox';
import type { Queryable, Tx } from '../db/database.ts';
import type { Operations } from '../db/schema.gen.ts';
import type { EventType } from '../events/catalogue.ts';
import { eventInsert } from '../events/store.ts';
import { uuidv7 } from '../lib/ids.ts';
import { requested } from './events.ts';
import type { Operation, OperationError } from './operation.ts';
import { isUnfinished } from './unfinished.ts';

export const WORKFLOW_NAME = 'operation';
export const QUEUE_NAME = 'operations';
/** PostgreSQL channel that notifies workers of new work. */
export const QUEUE_CHANNEL = 'danube_operations';
/** The same for servers in which requests wait for operations to end. */
export const ENDED_CHANNEL = 'danube_operation_ended';

export interface NewOperation {
  teamId: number;
  accountId: number | null;
  resourceType: string;
  resourceId: string;
  kind: string;
  args: unknown;
  requestId: string | null;
}

export interface AcceptedOperation {
  id: string;
  /** `queued`: waits behind another operation of the same resource. */
  state: 'pending' | 'queued';
}

/**
 * Records an operation and its event, and starts its workflow unless another operation of the resource is in progress.
 * The caller's transaction must hold a lock on the resource's row, so that no two operations start at once. DBOS's own
 * SQL function writes the workflow, with the operation's id.
 */
export async function insertOperation(tx: Tx, operation: NewOperation): Promise<AcceptedOperation> {
  const id = uuidv7();
  const subject = { ...operation, operationId: id };
  const event = eventInsert(requested(operation.resourceType), subject, { operation: operation.kind });
  const result = await sql<{ state: 'pending' | 'queued' }>`
    with accepted as (
      insert into operations (id, team_id, user_id, resource_type, resource_id, kind, args, request_id, state)
      values (${id}, ${operation.teamId}, ${operation.accountId}, ${operation.resourceType}, ${operation.resourceId},
        ${operation.kind}, ${JSON.stringify(operation.args)}, ${operation.requestId},
        case when exists (select from operations
          where resource_id = ${operation.resourceId} and ${isUnfinished()})
        then 'queued' else 'pending' end)
      returning id, team_id, state),
    event as (${event})
    select state, case when state = 'pending' then ${ENQUEUE_WORKFLOW} end from accepted`.execute(tx);
  return { id, state: result.rows[0]!.state };
}

/**
 * Enqueues the workflow of an operation, of whose row it needs `id` and `team_id`: workers take the operations of teams
 * in turn (`dequeue.ts`). The notification reaches them when the transaction commits.
 */
const ENQUEUE_WORKFLOW = sql`concat(dbos.enqueue_workflow(
    workflow_name => ${WORKFLOW_NAME}, queue_name => ${QUEUE_NAME}, queue_partition_key => team_id::text,
    positional_args => array[to_json(id::text)], workflow_id => id::text),
    pg_notify(${QUEUE_CHANNEL}, ''))`;

/** Marks the operation as running. Idempotent. Null where it has already ended. */
export async function beginOperation(db: Queryable, id: string): Promise<Operation | null> {
  const row = await db
    .updateTable('operations')
    .set({ state: 'running', started_at: sql`coalesce(started_at, now())` })
    .where('id', '=', id)
    .where('state', 'in', ['pending', 'running'])
    .returning(OPERATION_COLUMNS)
    .executeTakeFirst();
  return row ? toOperation(row) : null;
}

/** Ends an operation. False where it had already ended: then nothing more may be written for it. */
export async function endOperation(tx: Tx, id: string, error: OperationError | null): Promise<boolean> {
  const row = await tx
    .updateTable('operations')
    .set({
      state: error ? 'failed' : 'succeeded',
      error: error ? JSON.stringify(error) : null,
      finished_at: sql`now()`,
      ...(error ? {} : { percent: 100 }),
    })
    .where('id', '=', id)
    .where(isUnfinished())
    .returning(sql`pg_notify(${ENDED_CHANNEL}, '')`.as('notified'))
    .executeTakeFirst();
  return row !== undefined;
}

/** The waiting operations of a resource, in the order of acceptance. */
export async function queuedOperations(db: Queryable, resourceId: string): Promise<Operation[]> {
  const rows = await db
    .selectFrom('operations')
    .select(OPERATION_COLUMNS)
    .where('resource_id', '=', resourceId)
    .where('state', '=', 'queued')
    .orderBy('seq')
    .execute();
  return rows.map(toOperation);
}

const OPERATION_COLUMNS = ['id', 'team_id', 'resource_type', 'resource_id', 'kind', 'args'] as const;

function toOperation(row: Pick<Selectable<Operations>, (typeof OPERATION_COLUMNS)[number]>): Operation {
  return {
    id: row.id,
    teamId: row.team_id,
    resourceType: row.resource_type,
    resourceId: row.resource_id,
    kind: row.kind,
    args: row.args,
  };
}

/** Starts the workflow of a queued operation, in the transaction that ends the previous one. */
export async function promoteOperation(tx: Tx, id: string): Promise<void> {
  await sql`with promoted as (
      update operations set state = 'pending' where id = ${id} and state = 'queued' returning id, team_id)
    select ${ENQUEUE_WORKFLOW} from promoted`.execute(tx);
}

/** Restarts a workflow whose record is gone; has no effect where it is not. */
export async function enqueueAgain(db: Queryable, id: string): Promise<void> {
  await sql`select ${ENQUEUE_WORKFLOW} from operations where id = ${id}`.execute(db);
}

/** Gives the operations their team that a version of Danube enqueued which did not take teams in turn. */
export async function nameTeams(db: Queryable): Promise<void> {
  await sql`update dbos.workflow_status w set queue_partition_key = o.team_id::text from operations o
    where w.queue_name = ${QUEUE_NAME} and w.status in ('ENQUEUED', 'PENDING') and w.queue_partition_key is null
      and o.id = w.workflow_uuid::uuid`.execute(db);
}

/** Records the progress of slow work. `percent` is of the whole operation. */
export async function reportProgress(
  db: Queryable,
  id: string,
  step: string,
  percent?: number,
): Promise<void> {
  await db
    .updateTable('operations')
    .set({ step, ...(percent === undefined ? {} : { percent: Math.round(percent) }) })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute();
}

/** Records the event for the outcome of an operation. */
export async function recordOutcome<Payload extends TSchema>(
  tx: Tx,
  operation: Operation,
  type: EventType<Payload>,
  payload: Static<Payload>,
): Promise<void> {
  await outcomeInsert(operation, type, payload).execute(tx);
}

/** The SQL for that, to combine it with another statement. */
export function outcomeInsert<Payload extends TSchema>(
  operation: Operation,
  type: EventType<Payload>,
  payload: Static<Payload>,
): RawBuilder<unknown> {
  const { id: operationId, teamId, resourceType, resourceId } = operation;
  return eventInsert(type, { teamId, resourceType, resourceId, operationId }, payload);
}
