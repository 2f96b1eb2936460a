import type { Tx } from '../../db/database.ts';
import { nounOf } from '../../instances/kinds.ts';
import type { Instance } from '../../instances/store.ts';
import { type AppError, invalidState } from '../../lib/errors.ts';
import { isReadable } from './states.ts';
import { type Snapshot, type SnapshotUse, snapshotsOf, usesOf } from './store.ts';

const GB = 1024 ** 3;

/** Why no snapshot of the instance can be taken now; null where it can. */
export function snapshotBlocker({ kind, status, desired }: Instance): AppError | null {
  const noun = nounOf(kind);
  if (desired === 'deleted') return invalidState(`The ${noun} is being deleted.`, status);
  if (status === 'error') {
    return invalidState(
      `The ${noun} has a problem (see status_details.error). Mend it before you take a snapshot of it.`,
      status,
    );
  }
  return null;
}

/** Why the snapshot cannot be used to create an instance now; null where it can. */
export function readingBlocker(snapshot: Snapshot, instance: Instance): AppError | null {
  const noun = nounOf(instance.kind);
  if (instance.desired === 'deleted') {
    return invalidState(`The ${noun} is being deleted, and its snapshots with it.`, snapshot.status);
  }
  if (isReadable(snapshot.status)) return null;
  return invalidState(UNREADABLE[snapshot.status] ?? 'The snapshot is not ready.', snapshot.status);
}

const UNREADABLE: Record<string, string> = {
  creating: 'The snapshot is still being taken. Wait until its status is ready.',
  failed: 'The snapshot failed (see its error), and there is nothing to restore in it. Delete it.',
  destroying: 'The snapshot is being deleted.',
};

/** Why the instance cannot be restored to the snapshot now; null where it can. */
export function restoreBlocker(snapshot: Snapshot, instance: Instance): AppError | null {
  const unreadable = readingBlocker(snapshot, instance);
  if (unreadable) return unreadable;
  if (snapshot.status === 'restoring') {
    return invalidState('The snapshot is being restored already.', snapshot.status);
  }
  const noun = nounOf(instance.kind);
  if ((snapshot.size_bytes ?? 0) > instance.disk_gb * GB) {
    return invalidState(
      `The snapshot holds ${Math.ceil(snapshot.size_bytes! / GB)} GB, which the ${noun} with its ` +
        `${instance.disk_gb} GB has no room for. Give it a larger disk first.`,
      snapshot.status,
    );
  }
  return null;
}

/** Why the snapshot cannot be deleted now; null where it can. `uses` are the operations that use it. */
export function deletionBlocker(
  snapshot: Snapshot,
  instance: Instance,
  uses: readonly SnapshotUse[],
): AppError | null {
  const noun = nounOf(instance.kind);
  if (instance.desired === 'deleted') {
    return invalidState(`The ${noun} is being deleted, and its snapshots with it.`, snapshot.status);
  }
  const [use] = uses;
  if (!use) return null;
  if (use.kind === 'delete') return invalidState('The snapshot is being deleted already.', snapshot.status);
  return invalidState(
    `The snapshot is being ${USES[use.kind] ?? 'used'}. Delete it when operation ${use.id} has ended.`,
    snapshot.status,
  );
}

/** What an operation of that kind does with a snapshot that it uses. */
const USES: Record<string, string> = {
  snapshot: 'taken',
  restore: 'restored',
  create: 'cloned',
  verify: 'verified',
};

/**
 * Throws `invalid_state` while one of the instance's snapshots is being cloned, since deleting the instance would
 * delete it. The transaction must hold a lock on the instance's row.
 */
export async function assertNotBeingCloned(
  tx: Tx,
  { id, status }: { id: string; status: string },
  noun: string,
): Promise<void> {
  const uids = (await snapshotsOf(tx, id)).map(({ uid }) => uid);
  const clone = (await usesOf(tx, uids)).find(({ kind }) => kind === 'create');
  if (!clone) return;
  throw invalidState(
    `A snapshot of the ${noun} is being cloned. Delete the ${noun} when operation ${clone.id} has ended.`,
    status,
  );
}
