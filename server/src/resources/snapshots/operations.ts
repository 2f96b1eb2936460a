import { Type } from 'typebox';
import type { InstanceOperation } from '../../instances/lifecycle.ts';
import { type ArgsOf, NO_ARGS, type OperationDefinition } from '../../operations/operation.ts';
import { REASONS } from './states.ts';

/** `args.snapshot` is what `usesOf` goes by: whoever names a snapshot there uses it. */
const SnapshotUid = Type.String();

/** The operations by which an instance gives a snapshot, and takes one back. */
export const instanceSnapshotOperations = {
  snapshot: {
    kind: 'snapshot',
    args: Type.Object({ snapshot: SnapshotUid, reason: Type.Enum([...REASONS]) }),
    // The instance goes on as it is.
    during: null,
  },
  restore: {
    kind: 'restore',
    args: Type.Object({
      snapshot: SnapshotUid,
      // What the instance is once the operations before this one are done; where a restore that fails goes back to.
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
