import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { promiseDrill } from '../../instances/capacity.ts';
import { acceptForInstance } from '../../instances/lifecycle.ts';
import type { StorageGuard } from '../../instances/storage-guard.ts';
import { type Instance, lockInstance, updateInstance } from '../../instances/store.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { type Asker, accept, DANUBE } from '../../operations/accept.ts';
import type { AcceptedOperation } from '../../operations/operations-store.ts';
import { hasUnfinished } from '../../operations/unfinished.ts';
import { instanceSnapshotOperations, snapshotOperations } from './operations.ts';
import { readingBlocker } from './rules.ts';
import {
  insertSnapshot,
  lockSnapshot,
  type Snapshot,
  sizeOfDrill,
  snapshotTarget,
  updateSnapshot,
  usesOf,
} from './store.ts';

/** A snapshot and its instance, both locked, so that no operation can be accepted for either. */
export interface LockedPair {
  snapshot: Snapshot;
  instance: Instance;
}

/** Locks both, the instance first as everywhere. Undefined where the snapshot is gone. */
export async function lockPair(
  tx: Tx,
  { uid, instance_id }: Pick<Snapshot, 'uid' | 'instance_id'>,
): Promise<LockedPair | undefined> {
  const instance = await lockInstance(tx, instance_id);
  const snapshot = await lockSnapshot(tx, uid);
  return instance && snapshot && { snapshot, instance };
}

/**
 * Accepts the daily snapshot of an instance, called `name`. False where an operation is unfinished or the instance no
 * longer wants daily snapshots.
 */
export async function acceptAutomatic(tx: Tx, id: string, name: string): Promise<boolean> {
  const instance = await lockInstance(tx, id);
  if (!instance?.automated_snapshots_enabled || instance.desired !== instance.status) return false;
  if (await hasUnfinished(tx, id)) return false;
  const uid = uuidv7();
  await insertSnapshot(tx, instance, { uid, user_id: null, name, description: null, reason: 'automatic' });
  const args = { snapshot: uid, reason: 'automatic' as const };
  await acceptForInstance(tx, DANUBE, instance, instanceSnapshotOperations.snapshot, args);
  await updateInstance(tx, id, { automated_snapshot_at: sql<Date>`now()` });
  return true;
}

/** Accepts a scheduled restore drill. Null where the snapshot is gone, being deleted, or already verified. */
export async function acceptDrill(
  tx: Tx,
  storage: StorageGuard,
  found: Pick<Snapshot, 'uid' | 'instance_id'>,
): Promise<AcceptedOperation | null> {
  const pair = await lockPair(tx, found);
  if (!pair || readingBlocker(pair.snapshot, pair.instance)) return null;
  if ((await usesOf(tx, [found.uid])).some(({ kind }) => kind === 'verify')) return null;
  return beginDrill(tx, storage, DANUBE, pair);
}

/** Accepts a restore drill. Throws `no_capacity` where its throwaway instance has no room. */
export async function beginDrill(
  tx: Tx,
  storage: StorageGuard,
  asker: Asker,
  { snapshot, instance }: LockedPair,
): Promise<AcceptedOperation> {
  const operation = await accept(tx, asker, snapshotTarget(snapshot), snapshotOperations.verify, {});
  await updateSnapshot(tx, snapshot.uid, sizeOfDrill(instance));
  await promiseDrill(tx, storage, instance.team_id, instance);
  return operation;
}
