import { DataPlaneError } from '../contract/errors.ts';
import type { Snapshots } from '../contract/snapshots.ts';
import type { SimCore } from './core.ts';

/** `diskBytes`: bytes on disks, by name of the instance or volume. */
export const simSnapshots = (core: SimCore, diskBytes: ReadonlyMap<string, number>): Snapshots => ({
  ensureSnapshot: (ref, snapshot) =>
    core.verb('ensureSnapshot', snapshot, () => {
      if (core.world.snapshots.has(snapshot.name)) return;
      const instance = core.need(ref);
      if (instance.volumes.length > 1) {
        throw new DataPlaneError(
          'invalid',
          'An instance with several volumes cannot be kept in one snapshot.',
        );
      }
      const disk = core.diskOf(instance);
      core.change({
        op: 'snapshot',
        snapshot: {
          ref: snapshot,
          ofVolume: instance.volumes.length > 0,
          content: disk.content,
          diskBytes: diskBytes.get(disk.ref.name) ?? 0,
        },
      });
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
