import type { Snapshots } from '../contract/snapshots.ts';
import type { Parts } from './parts.ts';

/** Implements `Snapshots`. */
export const snapshotVerbs = ({ snapshots, locks }: Parts): Snapshots => ({
  ensureSnapshot: (ref, snapshot) =>
    locks.run(ref.name, () => locks.run(snapshot.name, () => snapshots.ensure(ref, snapshot))),
  describeSnapshot: (snapshot) => snapshots.describe(snapshot),
  removeSnapshot: (snapshot) => locks.run(snapshot.name, () => snapshots.remove(snapshot)),
  listSnapshots: () => snapshots.list(),
});
