import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { acceptForInstance } from '../../instances/lifecycle.ts';
import { updateInstance } from '../../instances/store.ts';
import type { Operation, OperationError } from '../../operations/operation.ts';
import { type AcceptedOperation, recordOutcome } from '../../operations/operations-store.ts';
import { hasUnfinished } from '../../operations/unfinished.ts';
import { writeChanges } from './columns.ts';
import { eventsFor } from './events.ts';
import { type PublishArgs, serviceOperations } from './operations.ts';
import { type ManagedService, updateService } from './store.ts';

/**
 * Accepts the operation that publishes or withdraws an instance; null where nothing changes. The port stays reserved
 * for the instance, so that publishing it again gives the same port.
 */
export async function requestPublication(
  tx: Tx,
  principal: TeamPrincipal,
  row: ManagedService,
  { published, port }: { published: boolean; port: number | null },
): Promise<AcceptedOperation | null> {
  if (row.published === published && !(await hasUnfinished(tx, row.id))) return null;
  const settled = row.status === 'error' ? 'error' : row.desired === 'running' ? 'running' : 'stopped';
  const args: PublishArgs = { published, settled };
  await writeChanges(tx, row.id, { public_port: port });
  return acceptForInstance(tx, principal, row, serviceOperations.publish, args);
}

/** Shows the status of a publication or withdrawal in progress. */
export async function beginPublish(db: Queryable, operation: Operation<PublishArgs>): Promise<void> {
  const { published } = operation.args;
  await updateInstance(db, operation.resourceId, { status: serviceOperations.publish.during });
  // There is no port where it is withdrawn before it was ever published.
  await db
    .updateTable('managed_services')
    .set({ published })
    .where('id', '=', operation.resourceId)
    .where((eb) => eb.or([eb('public_port', 'is not', null), eb.val(!published)]))
    .execute();
}

/** Restores the status from before. */
export async function finishPublish(tx: Tx, operation: Operation<PublishArgs>): Promise<void> {
  const { published, settled } = operation.args;
  await updateInstance(tx, operation.resourceId, { status: settled });
  const events = eventsFor(operation);
  await recordOutcome(tx, operation, published ? events.published : events.withdrawn, {});
}

/** Makes the row match the host: after a failed withdrawal, the instance is still published. */
export async function failPublish(
  tx: Tx,
  operation: Operation<PublishArgs>,
  error: OperationError,
): Promise<void> {
  const { published, settled } = operation.args;
  await updateInstance(tx, operation.resourceId, { status: settled });
  await updateService(tx, operation.resourceId, {
    published: published ? false : sql<boolean>`public_port is not null`,
  });
  const events = eventsFor(operation);
  await recordOutcome(tx, operation, published ? events.publishFailed : events.withdrawFailed, { error });
}
