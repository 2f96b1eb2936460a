import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import type { BlueprintDependencies } from '../../instances/kinds.ts';
import type { Operation, OperationError, OperationWorkflow } from '../../operations/operation.ts';
import { recordOutcome } from '../../operations/operations-store.ts';
import { drillSteps } from './drill.ts';
import { snapshotEvents } from './events.ts';
import { snapshotOperations } from './operations.ts';
import { deleteSnapshot, NO_DRILL, snapshotRef, updateSnapshot } from './store.ts';

/** The workflows of snapshots. Taking and restoring one are operations on its instance. */
export function snapshotWorkflows(
  dependencies: BlueprintDependencies,
): Record<keyof typeof snapshotOperations, OperationWorkflow> {
  const { plane } = dependencies;
  const drill = drillSteps(dependencies);
  return {
    delete: {
      args: snapshotOperations.delete.args,
      begin: (db, { resourceId }) => updateSnapshot(db, resourceId, { status: 'destroying' }),
      steps: [
        {
          name: 'remove',
          run: ({ teamId, resourceId }) =>
            plane.removeSnapshot(snapshotRef({ team_id: teamId, uid: resourceId })),
        },
      ],
      undo: [],
      succeed: finishDelete,
      fail: failDelete,
      isRepeatable: true,
    },
    verify: {
      args: snapshotOperations.verify.args,
      // Its status stays, as it can be restored and cloned meanwhile.
      begin: async () => {},
      steps: [drill.image, drill.restore, drill.check, drill.remove],
      undo: [drill.remove],
      succeed: finishDrill,
      fail: failDrill,
      abandon: forgetDrill,
      reject: forgetDrill,
    },
  };
}

async function finishDelete(tx: Tx, operation: Operation): Promise<void> {
  await deleteSnapshot(tx, operation.resourceId);
  await recordOutcome(tx, operation, snapshotEvents.deleted, {});
}

/** A failed deletion can be requested again. It is unknown whether the snapshot can still be restored. */
async function failDelete(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  await updateSnapshot(tx, operation.resourceId, { status: 'failed', error: JSON.stringify(error) });
  await recordOutcome(tx, operation, snapshotEvents.deleteFailed, { error });
}

/** It was never begun, and takes nothing any more. */
const forgetDrill = (tx: Tx, { resourceId }: Operation): Promise<void> =>
  updateSnapshot(tx, resourceId, NO_DRILL);

async function finishDrill(tx: Tx, operation: Operation): Promise<void> {
  const changes = { ...NO_DRILL, verified_at: sql<Date>`now()`, verified_ok: true };
  await updateSnapshot(tx, operation.resourceId, changes);
  await recordOutcome(tx, operation, snapshotEvents.verified, {});
}

async function failDrill(tx: Tx, operation: Operation, error: OperationError): Promise<void> {
  await updateSnapshot(tx, operation.resourceId, {
    ...NO_DRILL,
    verified_at: sql<Date>`now()`,
    verified_ok: false,
    verified_items: null,
    verify_message: error.message,
    restore_ms: null,
  });
  await recordOutcome(tx, operation, snapshotEvents.verifyFailed, { error });
}
