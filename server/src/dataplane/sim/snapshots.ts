import type { Snapshots } from '../contract/snapshots.ts';
import type { SimCore } from './core.ts';

/** `diskBytes`: what the disk of an instance holds. */
export const simSnapshots = (core: SimCore, diskBytes: ReadonlyMap<string, number>): Snapshots => ({
  ensureSnapshot: (ref, snapshot) =>
    core.verb('ensureSnapshot', snapshot, () => {
      if (core.world.snapshots.has(snapshot.name)) return;
      const { content } = core.need(ref);
      const kept = { ref: snapshot, content, diskBytes: diskBytes.get(ref.name) ?? 0 };
      core.change({ op: 'snapshot', snapshot: kept });
    }),
  describeSnapshot: (snapshot) =>
    core.verb('describeSnapshot', snapshot, () => {
      const found = core.world.snapshots.get(snapshot.name);
      return found?.ref.teamId === snapshot.teamId ? { ref: found.ref, diskBytes: found.diskBytes } : null;
    }),
  removeSnapshot: (snapshot) =>
    core.verb('removeSnapshot', snapshot, () => {
      if (core.world.snapshots.has(snapshot.name)) core.change({ op: 'unsnapshot', name: snapshot.name });
    }),
  listSnapshots: () =>
    core.verb('listSnapshots', null, () => Array.from(core.world.snapshots.values(), ({ ref }) => ref)),
});
