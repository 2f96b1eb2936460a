import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import { updateInstance } from '../../instances/store.ts';
import type { Operation, OperationError } from '../../operations/operation.ts';
import { recordOutcome } from '../../operations/operations-store.ts';
import { eventsFor } from './events.ts';
import { type PublishArgs, serviceOperations } from './operations.ts';
import { updateService } from './store.ts';

/** Shows that it is being published, or withdrawn. */
export async function beginPublish(db: Queryable, operation: Operation<PublishArgs>): Promise<void> {
  const { published } = operation.args;
  await updateInstance(db, operation.resourceId, { status: serviceOperations.publish.during });
  // Withdrawn before it ever was published: there is no port then.
  await db
    .updateTable('managed_services')
    .set({ published })
    .where('id', '=', operation.resourceId)
    .where((eb) => eb.or([eb('public_port', 'is not', null), eb.val(!published)]))
    .execute();
}

/** The status from before comes back. */
export async function finishPublish(tx: Tx, operation: Operation<PublishArgs>): Promise<void> {
  const { published, settled } = operation.args;
  await updateInstance(tx, operation.resourceId, { status: settled });
  const events = eventsFor(operation);
  await recordOutcome(tx, operation, published ? events.published : events.withdrawn, {});
}

/** What the row says is what the host does: a withdrawal that failed is none. */
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
