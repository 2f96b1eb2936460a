import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { updateInstance } from '../../instances/store.ts';
import type { Operation, OperationError } from '../../operations/operation.ts';
import { recordOutcome } from '../../operations/operations-store.ts';
import { eventsFor } from './events.ts';
import { type PublishArgs, serviceOperations } from './operations.ts';
import { updateService } from './store.ts';

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
