import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { type Instance, lockInstance, updateInstance } from '../../instances/store.ts';
import { uuidv7 } from '../../lib/ids.ts';
import { type AcceptedOperation, acceptOperation } from '../../operations/operations-store.ts';
import { hasUnfinished } from '../../operations/unfinished.ts';
import type { SnapshotArgs } from './instance-steps.ts';
import { readingBlocker } from './rules.ts';
import { RESOURCE_TYPE, type Reason } from './states.ts';
import { insertSnapshot, lockSnapshot, type Snapshot, usesOf } from './store.ts';

/** A snapshot and its instance, both locked: nothing is accepted for either meanwhile. */
export interface Held {
  snapshot: Snapshot;
  instance: Instance;
}

/** Locks both, the instance first as everywhere. Undefined where the snapshot is gone. */
export async function hold(
  tx: Tx,
  { uid, instance_id }: Pick<Snapshot, 'uid' | 'instance_id'>,
): Promise<Held | undefined> {
  const instance = await lockInstance(tx, instance_id);
  const snapshot = await lockSnapshot(tx, uid);
  return instance && snapshot && { snapshot, instance };
}

/**
 * Takes the daily snapshot of an instance, where nothing else is under way and it still wants one. False otherwise.
 * `name` is the snapshot's.
 */
export async function acceptAutomatic(tx: Tx, id: string, name: string): Promise<boolean> {
  const instance = await lockInstance(tx, id);
  if (!instance?.automated_snapshots_enabled || instance.desired !== instance.status) return false;
  if (await hasUnfinished(tx, id)) return false;
  const uid = uuidv7();
  await insertSnapshot(tx, instance, { uid, user_id: null, name, description: null, reason: 'automatic' });
  await acceptOperation(tx, {
    teamId: instance.team_id,
    accountId: null,
    resourceType: instance.kind,
    resourceId: id,
    kind: 'snapshot',
    args: { ...snapshotArgs(uid, 'automatic') },
    requestId: null,
  });
  await updateInstance(tx, id, { automated_snapshot_at: sql<Date>`now()` });
  return true;
}

export const snapshotArgs = (snapshot: string, reason: Reason): SnapshotArgs => ({ snapshot, reason });

/** Begins a restore drill by the clock. Null where the snapshot is gone, being deleted, or verified already. */
export async function acceptDrill(
  tx: Tx,
  found: Pick<Snapshot, 'uid' | 'instance_id'>,
): Promise<AcceptedOperation | null> {
  const held = await hold(tx, found);
  if (!held || readingBlocker(held.snapshot, held.instance)) return null;
  if ((await usesOf(tx, [found.uid])).some(({ kind }) => kind === 'verify')) return null;
  return acceptOperation(tx, {
    teamId: held.snapshot.team_id,
    accountId: null,
    resourceType: RESOURCE_TYPE,
    resourceId: found.uid,
    kind: 'verify',
    requestId: null,
  });
}
