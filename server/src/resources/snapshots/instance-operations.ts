import type { Queryable, Tx } from '../../db/database.ts';
import type { InstanceEvents } from '../../instances/events.ts';
import { kindOf } from '../../instances/kinds.ts';
import { instanceWorkflow } from '../../instances/lifecycle.ts';
import { lockInstance, updateInstance, updateMember } from '../../instances/store.ts';
import type { Operation, OperationError, OperationWorkflow } from '../../operations/operation.ts';
import { queuedOperations, recordOutcome } from '../../operations/operations-store.ts';
import { type InstanceParts, restoreSteps, snapshotSteps } from './instance-steps.ts';
import { instanceOf } from './instances.ts';
import { instanceSnapshotOperations, type RestoreArgs, type SnapshotArgs } from './operations.ts';
import { retire, retireOlderSafety } from './retirement.ts';
import { getSnapshot, updateSnapshot } from './store.ts';

const { snapshot, restore } = instanceSnapshotOperations;

const eventsFor = ({ resourceType }: Operation): InstanceEvents => kindOf(resourceType).events;

/** The workflows that take a snapshot of an instance, and restore one. */
export function instanceSnapshotWorkflows(
  parts: InstanceParts,
): Record<keyof typeof instanceSnapshotOperations, OperationWorkflow> {
  const { take, discard } = snapshotSteps(parts);
  const { halt, keep, back } = restoreSteps(parts);
  return {
    snapshot: instanceWorkflow(snapshot, {
      steps: [take],
      undo: [discard],
      succeed: finishSnapshot,
      fail: (tx, operation, error) => failSnapshot(parts, tx, operation, error),
      abandon: loseSnapshot,
      // The instance is unchanged; the reconciler corrects the snapshot's row.
      reject: async () => {},
      isOptional: ({ args }) => args.reason === 'automatic',
    }),
    restore: instanceWorkflow(restore, {
      begin: beginRestore,
      // The safety snapshot is taken after the instance has stopped, so that going back to it loses nothing.
      steps: [...parts.prepare, halt, keep, parts.instance, parts.ready],
      undo: [back],
      succeed: (tx, operation) => finishRestore(parts, tx, operation),
      fail: (tx, operation, error) => failRestore(parts, tx, operation, error),
    }),
  };
}

async function finishSnapshot(tx: Tx, operation: Operation<SnapshotArgs>): Promise<void> {
  const { snapshot: uid } = operation.args;
  await updateSnapshot(tx, uid, { status: 'ready', error: null });
  const snapshot = await getSnapshot(tx, uid);
  if (snapshot) await recordOutcome(tx, operation, eventsFor(operation).snapshotTaken, { snapshot });
}

async function loseSnapshot(tx: Tx, { args }: Operation<SnapshotArgs>, error: OperationError): Promise<void> {
  await updateSnapshot(tx, args.snapshot, { status: 'failed', error: JSON.stringify(error) });
}

async function failSnapshot(
  parts: InstanceParts,
  tx: Tx,
  operation: Operation<SnapshotArgs>,
  error: OperationError,
): Promise<void> {
  // Locks its row before the snapshot's, as everywhere.
  await lockInstance(tx, operation.resourceId);
  await loseSnapshot(tx, operation, error);
  await recordOutcome(tx, operation, eventsFor(operation).snapshotFailed, { error });
  if (operation.args.reason !== 'automatic') await settleRequests(parts, tx, operation);
}

/**
 * After a failure, waiting operations are not executed even where the instance is unharmed. So its `desired` state and
 * planned columns must be set back to the actual ones.
 */
async function settleRequests(parts: InstanceParts, tx: Tx, operation: Operation): Promise<void> {
  const { status, desired, id } = await instanceOf(tx, operation);
  const update = (await queuedOperations(tx, id)).find((queued) => queued.kind === 'update');
  if (update) await parts.revertUpdate(tx, update);
  if (desired !== 'deleted' && (status === 'running' || status === 'stopped')) {
    await updateInstance(tx, id, { desired: status });
  }
}

/** A new generation makes the data plane replace the instance. Incrementing it twice is harmless. */
async function beginRestore(db: Queryable, operation: Operation<RestoreArgs>): Promise<void> {
  const { snapshot: uid } = operation.args;
  const { generation, id } = await instanceOf(db, operation);
  await updateInstance(db, id, { status: restore.during });
  await updateMember(db, id, { generation: generation + 1, made_from: uid });
  await updateSnapshot(db, uid, { status: 'restoring' });
}

async function finishRestore(parts: InstanceParts, tx: Tx, operation: Operation<RestoreArgs>): Promise<void> {
  const { snapshot: uid } = operation.args;
  await updateInstance(tx, operation.resourceId, { status: 'running', error: null });
  await updateMember(tx, operation.resourceId, { made_from: null });
  const origin = await getSnapshot(tx, uid);
  if (origin) await parts.adopt(tx, operation.resourceId, origin);
  await updateSnapshot(tx, uid, { status: 'ready', error: null });
  await retireOlderSafety(tx, operation.resourceId, [operation.id, uid]);
  const kept = (await getSnapshot(tx, operation.id))?.id ?? null;
  if (origin) await recordOutcome(tx, operation, eventsFor(operation).restored, { snapshot: origin, kept });
}

async function failRestore(
  parts: InstanceParts,
  tx: Tx,
  operation: Operation<RestoreArgs>,
  error: OperationError,
): Promise<void> {
  const { snapshot: uid } = operation.args;
  await lockInstance(tx, operation.resourceId);
  await updateSnapshot(tx, uid, { status: 'restore_failed', error: JSON.stringify(error) });
  const { status, made_from } = await instanceOf(tx, operation);
  if (status !== restore.during) {
    await settleRequests(parts, tx, operation);
    await retire(tx, operation.id);
    return recordOutcome(tx, operation, eventsFor(operation).restoreUndone, { error });
  }
  const found = await getSnapshot(tx, operation.id);
  const safety = found?.status === 'ready' ? found : null;
  if (found && !safety) await retire(tx, found.uid);
  await updateInstance(tx, operation.resourceId, { status: 'error', error: JSON.stringify(error) });
  // A later start must not use the snapshot that failed: it uses or rebuilds the previous state.
  if (made_from === uid) await updateMember(tx, operation.resourceId, { made_from: safety?.uid ?? null });
  const kept = safety?.id ?? null;
  await recordOutcome(tx, operation, eventsFor(operation).restoreFailed, { kept, error });
}
