import { sql } from 'kysely';
import type { Queryable, Tx } from '../db/database.ts';
import type { TeamPrincipal } from '../http/principal.ts';
import { type QuotaKind, releaseQuota } from '../identity/teams/quotas.ts';
import { acceptRequest } from '../operations/accept.ts';
import type { Operation, OperationError } from '../operations/operation.ts';
import { type AcceptedOperation, recordOutcome } from '../operations/operations-store.ts';
import { deleteInstance, type Instance, updateInstance, updateMember } from './store.ts';

/** What is asked of an instance. */
export interface InstanceRequest {
  /** Kind of the operation. */
  kind: string;
  /** What the instance shows while the operation is at work; null leaves the status as it is. */
  during: string | null;
  /** Where the instance is headed once the operation is done; undefined where that does not change. */
  desired?: 'running' | 'stopped' | 'deleted';
  args?: object;
}

/**
 * Accepts what a principal asks of an instance, and shows it in the status unless it waits behind another operation. The
 * transaction must hold a lock on the instance.
 */
export async function acceptForInstance(
  tx: Tx,
  principal: TeamPrincipal,
  instance: Pick<Instance, 'id' | 'kind' | 'status'>,
  { kind, during, desired, args }: InstanceRequest,
): Promise<AcceptedOperation> {
  const target = { type: instance.kind, id: instance.id, status: instance.status };
  const operation = await acceptRequest(tx, principal, target, kind, args);
  const status = operation.state === 'pending' ? during : null;
  if (status || desired) {
    await updateInstance(tx, instance.id, { ...(status ? { status } : {}), ...(desired ? { desired } : {}) });
  }
  return operation;
}

/** Shows that an operation is at work; null leaves the status as it is. */
export async function showWork(db: Queryable, operation: Operation, during: string | null): Promise<void> {
  if (during) await updateInstance(db, operation.resourceId, { status: during });
}

/** The instance is what the operation was to make it. */
export async function settle(
  tx: Tx,
  { resourceId }: Operation,
  status: 'running' | 'stopped',
): Promise<void> {
  await updateInstance(tx, resourceId, { status, error: null, observed_at: sql<Date>`now()` });
  if (status === 'running') await markDeployed(tx, resourceId);
}

/** The present generation has run: it is not made from a snapshot again. */
export async function markDeployed(tx: Tx, id: string): Promise<void> {
  await updateInstance(tx, id, {
    observed_at: sql<Date>`now()`,
    deployed_at: sql<Date>`coalesce(deployed_at, now())`,
  });
  await updateMember(tx, id, { made_from: null });
}

/** An instance that fails keeps its row, so that the customer sees why and can delete it or try again. */
export async function settleFailure(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  await updateInstance(tx, operation.resourceId, {
    status: 'error',
    error: JSON.stringify(error),
    // A deletion that failed can be asked for again.
    ...(operation.kind === 'delete' ? { desired: 'stopped' } : {}),
  });
  await recordOutcome(tx, operation, 'Warning', ['Failed', `${operation.kind} failed: ${error.message}`]);
}

/** The instance is gone: so are its rows, its addresses are free, and the team may have another. */
export async function endInstance(tx: Tx, { teamId, resourceType, resourceId }: Operation): Promise<void> {
  if (await deleteInstance(tx, resourceId)) await releaseQuota(tx, teamId, resourceType as QuotaKind);
}
