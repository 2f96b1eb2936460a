import { Type } from 'typebox';
import type { InstanceOperation } from '../../instances/lifecycle.ts';
import { type ArgsOf, NO_ARGS, type OperationDefinition } from '../../operations/operation.ts';
import { REASONS } from './states.ts';

/** An operation that names a snapshot in `args.snapshot` uses it, see `usesOf`. */
const SnapshotUid = Type.String();

/** The operations that take a snapshot of an instance, and restore one. */
export const instanceSnapshotOperations = {
  snapshot: {
    kind: 'snapshot',
    args: Type.Object({ snapshot: SnapshotUid, reason: Type.Enum([...REASONS]) }),
    // The instance's status does not change.
    during: null,
  },
  restore: {
    kind: 'restore',
    args: Type.Object({
      snapshot: SnapshotUid,
      // The state after the operations before this one, to which a failed restore goes back.
      settled: Type.Enum(['running', 'stopped', 'error']),
    }),
    during: 'restoring',
  },
} as const satisfies Record<string, InstanceOperation>;

export type SnapshotArgs = ArgsOf<typeof instanceSnapshotOperations.snapshot>;
export type RestoreArgs = ArgsOf<typeof instanceSnapshotOperations.restore>;

/** The operations on a snapshot itself. */
export const snapshotOperations = {
  delete: { kind: 'delete', args: NO_ARGS },
  verify: { kind: 'verify', args: NO_ARGS },
} as const satisfies Record<string, OperationDefinition>;
