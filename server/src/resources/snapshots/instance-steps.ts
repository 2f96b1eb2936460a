import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import { askPool } from '../../instances/capacity.ts';
import { updateInstance, updateMember } from '../../instances/store.ts';
import type { Operation, OperationStep } from '../../operations/operation.ts';
import { instanceOf, refOf } from './instances.ts';
import type { RestoreArgs, SnapshotArgs } from './operations.ts';
import {
  deleteSnapshot,
  describedBy,
  getSnapshot,
  insertSnapshot,
  type Snapshot,
  snapshotRef,
  updateSnapshot,
} from './store.ts';

/** What the workflows of a kind of instance provide. */
export interface InstanceParts {
  database: Database;
  plane: DataPlane;
  /** Seconds that a guest gets for a clean shutdown. */
  graceSeconds: number;
  /** Steps of a restore that can fail while the instance is still unchanged. */
  prepare: readonly OperationStep[];
  /** Creates the present generation of the instance where it is missing; from `made_from`, if that is set. */
  instance: OperationStep;
  /** Waits until the instance answers. */
  ready: OperationStep;
  /** If `waiting` is an update, reverts the columns that it changed, since it will not be executed. */
  revertUpdate(tx: Tx, waiting: Operation): Promise<void>;
  /** Called when the restored instance runs: sets its columns to those of the snapshot. */
  adopt(tx: Tx, id: string, origin: Snapshot): Promise<void>;
}

/** The steps of `snapshot`. */
export function snapshotSteps({ database, plane }: InstanceParts) {
  const { db } = database;
  const refFor = ({ teamId, args }: Operation<SnapshotArgs>) =>
    snapshotRef({ team_id: teamId, uid: args.snapshot });
  return {
    take: {
      name: 'snapshot',
      async run(operation) {
        const { snapshot: uid } = operation.args;
        // Earlier operations may have changed the instance since the request.
        await updateSnapshot(db, uid, await describedBy(db, await instanceOf(db, operation)));
        await takeSnapshot(db, plane, operation, uid);
      },
    },
    discard: { name: 'discard', run: (operation) => plane.removeSnapshot(refFor(operation)) },
  } satisfies Record<string, OperationStep<SnapshotArgs>>;
}

async function takeSnapshot(
  db: Queryable,
  plane: DataPlane,
  operation: Operation,
  uid: string,
): Promise<void> {
  const ref = snapshotRef({ team_id: operation.teamId, uid });
  await askPool(db, plane);
  await plane.ensureSnapshot(await refOf(db, operation), ref);
  const report = await plane.describeSnapshot(ref);
  if (!report) throw new DataPlaneError('failed', 'The snapshot could not be taken.', { detail: ref.name });
  await updateSnapshot(db, uid, { size_bytes: report.diskBytes });
}

/** The steps that `restore` adds to those of its kind. */
export function restoreSteps({ database, plane, graceSeconds, instance, ready }: InstanceParts) {
  const { db } = database;
  return {
    halt: {
      name: 'halt',
      async run(operation) {
        // Before anything is touched: what follows makes a snapshot and a disk.
        await askPool(db, plane);
        const ref = await refOf(db, operation);
        if (!(await plane.describeInstance(ref))) return;
        await unlessBroken(operation, plane.ensureStopped(ref, graceSeconds));
      },
    },
    keep: {
      name: 'keep',
      async run(operation) {
        if (await plane.describeInstance(await refOf(db, operation))) await keepState(db, plane, operation);
      },
    },
    back: {
      name: 'back',
      async run(operation, progress) {
        const { settled } = operation.args;
        await intendPreviousState(db, plane, operation);
        await instance.run(operation, progress);
        if (settled === 'running') await ready.run(operation, progress);
        if (settled === 'stopped') await plane.ensureStopped(await refOf(db, operation), graceSeconds);
        if (settled === 'error') return;
        await updateMember(db, operation.resourceId, { made_from: null });
        await updateInstance(db, operation.resourceId, { status: settled });
      },
    },
  } satisfies Record<string, OperationStep<RestoreArgs>>;
}

/**
 * Takes the safety snapshot; for a broken instance, only where possible. It has the operation's id, so that all
 * attempts take the same one.
 */
async function keepState(db: Queryable, plane: DataPlane, operation: Operation<RestoreArgs>): Promise<void> {
  const { id: uid } = operation;
  const origin = await getSnapshot(db, operation.args.snapshot);
  await insertSnapshot(db, await instanceOf(db, operation), {
    uid,
    user_id: null,
    name: safetyName(origin),
    description: null,
    reason: 'safety',
  });
  if (await unlessBroken(operation, takeSnapshot(db, plane, operation, uid))) {
    await updateSnapshot(db, uid, { status: 'ready' });
  } else {
    await plane.removeSnapshot(snapshotRef({ team_id: operation.teamId, uid }));
    await deleteSnapshot(db, uid);
  }
}

/**
 * Waits for `work` and returns whether it succeeded. For an instance that was already in `error`, failures to stop or
 * snapshot it are ignored.
 */
async function unlessBroken({ args }: Operation<RestoreArgs>, work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (args.settled === 'error' && error instanceof DataPlaneError && error.code !== 'unreachable')
      return false;
    throw error;
  }
}

function safetyName(origin: Snapshot | undefined): string {
  if (origin?.reason === 'safety') return 'Before the undo of a restore';
  return `Before the restore of ${origin?.name ?? 'a snapshot'}`.slice(0, 255);
}

/**
 * Makes the row describe the state before the restore: the instance that still exists, or one created from the safety
 * snapshot. Throws where there is neither. Idempotent, which `made_from` ensures.
 */
async function intendPreviousState(
  db: Queryable,
  plane: DataPlane,
  operation: Operation<RestoreArgs>,
): Promise<void> {
  const { generation, made_from, id } = await instanceOf(db, operation);
  if (made_from !== operation.args.snapshot) return;
  const found = await plane.describeInstance(await refOf(db, operation));
  if (found && found.generation < generation) {
    return updateMember(db, id, { generation: found.generation, made_from: null });
  }
  const safety = await getSnapshot(db, operation.id);
  if (safety?.status !== 'ready') {
    throw new DataPlaneError('failed', 'There is no earlier state to go back to.');
  }
  await updateMember(db, id, { generation: generation + 1, made_from: safety.uid });
}
