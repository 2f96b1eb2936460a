import { type QueryCreator, sql } from 'kysely';
import type { Static, TSchema } from 'typebox';
import type { Queryable, Tx } from '../db/database.ts';
import type { DB } from '../db/schema.gen.ts';
import type { EventType, NOTHING } from '../events/catalogue.ts';
import { releaseQuota } from '../identity/teams/quotas.ts';
import { type Asker, accept, type Target } from '../operations/accept.ts';
import type {
  Operation,
  OperationDefinition,
  OperationError,
  OperationWorkflow,
} from '../operations/operation.ts';
import { type AcceptedOperation, outcomeInsert, recordOutcome } from '../operations/operations-store.ts';
import { endWhatBelongsTo } from './endings.ts';
import { kindOf } from './kinds.ts';
import { deleteInstance, type Instance, type InstanceChanges, updateInstance } from './store.ts';

/** A kind of operation on an instance. */
export interface InstanceOperation<Args extends TSchema = TSchema> extends OperationDefinition<Args> {
  /** The instance's status while it runs; null leaves the status unchanged. */
  during: string | null;
}

/** The instance as the target of operations. */
export const targetOf = ({
  kind,
  id,
  team_id,
  status,
}: Pick<Instance, 'kind' | 'id' | 'team_id' | 'status'>): Target => ({
  type: kind,
  id,
  teamId: team_id,
  status,
});

/**
 * Accepts an operation on an instance, and shows it in the status unless it has to wait for another operation.
 * `desired` is the state after the operation, where that changes. The transaction must hold a lock on the instance.
 */
export async function acceptForInstance<Args extends TSchema>(
  tx: Tx,
  asker: Asker,
  instance: Pick<Instance, 'kind' | 'id' | 'team_id' | 'status'>,
  definition: InstanceOperation<Args>,
  args: Static<Args>,
  desired?: 'running' | 'stopped' | 'deleted',
): Promise<AcceptedOperation> {
  const operation = await accept(tx, asker, targetOf(instance), definition, args);
  const status = operation.state === 'pending' ? definition.during : null;
  if (status || desired) {
    await updateInstance(tx, instance.id, { ...(status ? { status } : {}), ...(desired ? { desired } : {}) });
  }
  return operation;
}

/**
 * The workflow of an operation on an instance, with the usual defaults: it sets the status when it begins, and `error`
 * when it fails. `parts` add to or replace them.
 */
export function instanceWorkflow<Args extends TSchema>(
  { args, during }: InstanceOperation<Args>,
  parts: Pick<OperationWorkflow<Static<Args>>, 'steps' | 'succeed'> &
    Partial<OperationWorkflow<Static<Args>>>,
): OperationWorkflow<Static<Args>> {
  return {
    args,
    begin: (db, operation) => showWork(db, operation, during),
    undo: [],
    fail: settleFailure,
    reject: settleFailure,
    ...parts,
  };
}

/** Sets the status of an operation in progress; null leaves the status unchanged. */
async function showWork(db: Queryable, operation: Operation, during: string | null): Promise<void> {
  if (!during) return;
  // A deletion that failed has left the instance wanted.
  const desired = operation.kind === 'delete' ? { desired: 'deleted' as const } : {};
  await updateInstance(db, operation.resourceId, { status: during, ...desired });
}

/** Writes the final status of the instance, and the event that reports it. */
export async function settle(
  tx: Tx,
  operation: Operation,
  status: 'running' | 'stopped',
  event: EventType<typeof NOTHING>,
): Promise<void> {
  const changes = { status, error: null, observed_at: sql<Date>`now()` };
  const reporting = tx.with('event', () => sql<object>`(${outcomeInsert(operation, event, {})})`);
  if (status === 'running') await markDeployed(reporting, operation.resourceId, changes);
  else await updateInstance(reporting, operation.resourceId, changes);
}

/** The present generation has run, so it will not be created from a snapshot again. `changes` are written with that. */
export async function markDeployed(
  tx: QueryCreator<DB>,
  id: string,
  changes: InstanceChanges = {},
): Promise<void> {
  await tx
    .with('deployed', (db) =>
      db
        .updateTable('members')
        .set({ made_from: null })
        .where('instance_id', '=', id)
        .where('position', '=', 0)
        .where('made_from', 'is not', null),
    )
    .updateTable('instances')
    .set({
      ...changes,
      observed_at: sql<Date>`now()`,
      deployed_at: sql<Date>`coalesce(deployed_at, now())`,
      updated_at: sql`now()`,
    })
    .where('id', '=', id)
    .execute();
}

/** A failed instance keeps its row, so that the customer can see why, and delete it or try again. */
export async function settleFailure(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  await updateInstance(tx, operation.resourceId, {
    status: 'error',
    error: JSON.stringify(error),
    // A failed deletion can be requested again.
    ...(operation.kind === 'delete' ? { desired: 'stopped' } : {}),
  });
  const { failed } = kindOf(operation.resourceType).events;
  await recordOutcome(tx, operation, failed, { operation: operation.kind, error });
}

/** Ends an instance: deletes its rows, frees its addresses, and gives back its quota and what it was promised. */
export async function endInstance(tx: Tx, operation: Operation): Promise<void> {
  const { teamId, resourceType, resourceId } = operation;
  await recordOutcome(tx, operation, kindOf(resourceType).events.deleted, {});
  await endWhatBelongsTo(tx, resourceId);
  if (await deleteInstance(tx, resourceId)) await releaseQuota(tx, teamId, resourceType);
}
