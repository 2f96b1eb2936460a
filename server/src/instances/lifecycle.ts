import { sql } from 'kysely';
import type { Static, TSchema } from 'typebox';
import type { Queryable, Tx } from '../db/database.ts';
import { releaseQuota } from '../identity/teams/quotas.ts';
import { type Asker, accept, type Target } from '../operations/accept.ts';
import type {
  Operation,
  OperationDefinition,
  OperationError,
  OperationWorkflow,
} from '../operations/operation.ts';
import { type AcceptedOperation, recordOutcome } from '../operations/operations-store.ts';
import { kindOf } from './kinds.ts';
import { deleteInstance, type Instance, type InstanceChanges, updateInstance } from './store.ts';

/** A kind of operation on an instance. */
export interface InstanceOperation<Args extends TSchema = TSchema> extends OperationDefinition<Args> {
  /** What the instance shows while it is at work; null leaves the status as it is. */
  during: string | null;
}

/** An instance as operations are asked of it. */
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
 * Accepts what is asked of an instance, and shows it in the status unless it waits behind another operation. `desired`
 * is where the instance is headed once the operation is done, where that changes. The transaction must hold a lock on
 * the instance.
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
 * The workflow of an operation on an instance: it shows that it is at work, and where it fails the instance is in
 * `error`. `parts` say the rest, or say otherwise.
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

/** Shows that an operation is at work; null leaves the status as it is. */
async function showWork(db: Queryable, operation: Operation, during: string | null): Promise<void> {
  if (during) await updateInstance(db, operation.resourceId, { status: during });
}

/** The instance is what the operation was to make it. */
export async function settle(
  tx: Tx,
  { resourceId }: Operation,
  status: 'running' | 'stopped',
): Promise<void> {
  const changes = { status, error: null };
  if (status === 'running') await markDeployed(tx, resourceId, changes);
  else await updateInstance(tx, resourceId, { ...changes, observed_at: sql<Date>`now()` });
}

/** The present generation has run: it is not made from a snapshot again. `changes`: what is to be changed with that. */
export async function markDeployed(tx: Tx, id: string, changes: InstanceChanges = {}): Promise<void> {
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

/** An instance that fails keeps its row, so that the customer sees why and can delete it or try again. */
export async function settleFailure(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  await updateInstance(tx, operation.resourceId, {
    status: 'error',
    error: JSON.stringify(error),
    // A deletion that failed can be asked for again.
    ...(operation.kind === 'delete' ? { desired: 'stopped' } : {}),
  });
  const { failed } = kindOf(operation.resourceType).events;
  await recordOutcome(tx, operation, failed, { operation: operation.kind, error });
}

/** The instance is gone: so are its rows, its addresses are free, and the team may have another. */
export async function endInstance(tx: Tx, operation: Operation): Promise<void> {
  const { teamId, resourceType, resourceId } = operation;
  await recordOutcome(tx, operation, kindOf(resourceType).events.deleted, {});
  if (await deleteInstance(tx, resourceId)) await releaseQuota(tx, teamId, resourceType);
}
