import { Type } from 'typebox';
import type { Target } from '../../operations/accept.ts';
import { type ArgsOf, NO_ARGS, type OperationDefinition } from '../../operations/operation.ts';
import { RESOURCE_TYPE } from './states.ts';
import type { Bucket } from './store.ts';

/** The operations on buckets. */
export const bucketOperations = {
  create: { kind: 'create', args: NO_ARGS },
  // Settings as in columns.ts: those that the request names.
  update: { kind: 'update', args: Type.Object({ settings: Type.Unknown() }) },
  // True: with all its objects.
  delete: { kind: 'delete', args: Type.Object({ force: Type.Boolean() }) },
} as const satisfies Record<string, OperationDefinition>;

export type UpdateArgs = ArgsOf<typeof bucketOperations.update>;
export type DeleteArgs = ArgsOf<typeof bucketOperations.delete>;

/** A bucket as the target of operations. */
export const bucketTarget = ({ id, team_id, status }: Pick<Bucket, 'id' | 'team_id' | 'status'>): Target => ({
  type: RESOURCE_TYPE,
  id,
  teamId: team_id,
  status,
});
