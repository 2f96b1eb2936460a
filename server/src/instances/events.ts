import { Type } from 'typebox';
import { Failure, NOTHING, normal, warning } from '../events/catalogue.ts';
import { requested } from '../operations/events.ts';

/** Number and name of a snapshot, as customers see them. */
const SnapshotName = Type.Object({ id: Type.Integer(), name: Type.String() });

/** The number of the snapshot with the state before a restore; null where none was taken. */
const Kept = Type.Union([Type.Integer(), Type.Null()]);

/**
 * The events of every kind of instance. `remedies` are sentences: what to do when the instance is gone from the host,
 * and when the host cannot run it.
 */
export const instanceEvents = (kind: string, noun: string, remedies: { lost: string; broken: string }) => ({
  requested: requested(kind),
  started: normal(`${kind}.started`, 'Started', NOTHING, () => `The ${noun} was started.`),
  stopped: normal(`${kind}.stopped`, 'Stopped', NOTHING, () => `The ${noun} was stopped.`),
  deleted: normal(`${kind}.deleted`, 'Deleted', NOTHING, () => `The ${noun} was deleted.`),
  failed: warning(
    `${kind}.failed`,
    'Failed',
    Type.Object({ operation: Type.String(), ...Failure.properties }),
    ({ operation, error }) => `${operation} failed: ${error.message}`,
  ),
  updateFailed: warning(
    `${kind}.update_failed`,
    'UpdateFailed',
    Failure,
    ({ error }) => `Nothing was changed: ${error.message}`,
  ),
  ...snapshotEvents(kind, noun),
  ...driftEvents(kind, noun, remedies),
});

export type InstanceEvents = ReturnType<typeof instanceEvents>;

/** Events of an instance about its snapshots and restores. */
const snapshotEvents = (kind: string, noun: string) => ({
  snapshotTaken: normal(
    `${kind}.snapshot_taken`,
    'SnapshotTaken',
    Type.Object({ snapshot: SnapshotName }),
    ({ snapshot: { id, name } }) => `Snapshot ${id} (${name}) was taken.`,
  ),
  snapshotFailed: warning(
    `${kind}.snapshot_failed`,
    'SnapshotFailed',
    Failure,
    ({ error }) => `No snapshot was taken: ${error.message}`,
  ),
  restored: normal(
    `${kind}.restored`,
    'Restored',
    Type.Object({ snapshot: SnapshotName, kept: Kept }),
    ({ snapshot: { id, name }, kept }) =>
      `The ${noun} was restored from snapshot ${id} (${name}). ${
        kept === null
          ? 'There was no state before it that could be kept.'
          : `The state before is kept as snapshot ${kept}.`
      }`,
  ),
  restoreFailed: warning(
    `${kind}.restore_failed`,
    'RestoreFailed',
    Type.Object({ kept: Kept, ...Failure.properties }),
    ({ kept, error }) =>
      `The restore failed: ${error.message}${kept === null ? '' : ` The state before is kept as snapshot ${kept}.`}`,
  ),
  restoreUndone: warning(
    `${kind}.restore_undone`,
    'RestoreFailed',
    Failure,
    ({ error }) => `The restore failed, and the ${noun} is as it was before: ${error.message}`,
  ),
});

/** Events about changes of an instance that no operation caused. */
const driftEvents = (kind: string, noun: string, remedies: { lost: string; broken: string }) => ({
  missing: warning(
    `${kind}.missing`,
    'InstanceMissing',
    NOTHING,
    () => `The ${noun} is gone from the host. ${remedies.lost}`,
  ),
  broken: warning(
    `${kind}.broken`,
    'InstanceBroken',
    NOTHING,
    () => `The host cannot run the ${noun}. ${remedies.broken}`,
  ),
  stoppedFromInside: warning(
    `${kind}.stopped_from_inside`,
    'StoppedFromInside',
    NOTHING,
    () => `The ${noun} shut itself down.`,
  ),
  startedOutside: warning(
    `${kind}.started_outside`,
    'StartedOutside',
    NOTHING,
    () => `The ${noun} was started outside of Danube.`,
  ),
});
