import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { Snapshots } from '../../dataplane/contract/snapshots.ts';
import type { Queryable, Tx } from '../../db/database.ts';
import { accept, DANUBE } from '../../operations/accept.ts';
import type { Operation } from '../../operations/operation.ts';
import { snapshotOperations } from './operations.ts';
import {
  deleteSnapshot,
  lockSnapshot,
  type Snapshot,
  snapshotRef,
  snapshotsOf,
  snapshotTarget,
  updateSnapshot,
  usesOf,
} from './store.ts';

/**
 * Accepts the deletion of a snapshot that Danube took itself and no longer needs. False while an operation uses or
 * deletes it; a later pass of the reconciler tries again. Locks its row.
 */
export async function retire(tx: Tx, uid: string): Promise<boolean> {
  const snapshot = await lockSnapshot(tx, uid);
  if (!snapshot || (await usesOf(tx, [uid])).length > 0) return false;
  await accept(tx, DANUBE, snapshotTarget(snapshot), snapshotOperations.delete, {});
  await updateSnapshot(tx, uid, { status: 'destroying' });
  return true;
}

/** Retires safety snapshots except `keep`, the uids of the latest one and of the one its restore went back to. */
export async function retireOlderSafety(tx: Tx, instanceId: string, keep: readonly string[]): Promise<void> {
  for (const { uid, reason } of await snapshotsOf(tx, instanceId)) {
    if (reason === 'safety' && !keep.includes(uid)) await retire(tx, uid);
  }
}

/**
 * The last step of an instance's deletion. Running restore drills notice the status `destroying` and give up; until
 * then, this throws `timeout` and is retried.
 */
export async function removeSnapshotsOf(
  db: Queryable,
  plane: Snapshots,
  operation: Operation,
): Promise<void> {
  const snapshots = await snapshotsOf(db, operation.resourceId);
  for (const { uid } of snapshots) await updateSnapshot(db, uid, { status: 'destroying' });
  await waitForUses(db, snapshots);
  for (const snapshot of snapshots) {
    await plane.removeSnapshot(snapshotRef(snapshot));
    await deleteSnapshot(db, snapshot.uid);
  }
}

async function waitForUses(db: Queryable, snapshots: readonly Snapshot[]): Promise<void> {
  const uses = await usesOf(
    db,
    snapshots.map(({ uid }) => uid),
  );
  if (uses.length === 0) return;
  throw new DataPlaneError('timeout', 'A snapshot of it is still in use.', {
    detail: uses.map(({ id, kind }) => `${kind} ${id}`).join(', '),
  });
}
