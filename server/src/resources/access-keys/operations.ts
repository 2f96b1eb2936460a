import { Type } from 'typebox';
import type { Target } from '../../operations/accept.ts';
import { type ArgsOf, NO_ARGS, type OperationDefinition } from '../../operations/operation.ts';
import { RESOURCE_TYPE } from './states.ts';
import type { AccessKey } from './store.ts';

/** The operations on access keys. */
export const accessKeyOperations = {
  create: { kind: 'create', args: NO_ARGS },
  // True: it has expired, and nobody asked for its end.
  delete: { kind: 'delete', args: Type.Object({ expired: Type.Boolean() }) },
} as const satisfies Record<string, OperationDefinition>;

export type RevokeArgs = ArgsOf<typeof accessKeyOperations.delete>;

/** An access key as the target of operations. */
export const keyTarget = ({ id, team_id, status }: Pick<AccessKey, 'id' | 'team_id' | 'status'>): Target => ({
  type: RESOURCE_TYPE,
  id,
  teamId: team_id,
  status,
});
