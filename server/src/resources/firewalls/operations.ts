import { Type } from 'typebox';
import type { Target } from '../../operations/accept.ts';
import type { ArgsOf, OperationDefinition } from '../../operations/operation.ts';
import type { Firewall } from './store.ts';

/** The operations on firewalls. */
export const firewallOperations = {
  apply: {
    kind: 'apply',
    // True: a deploy was not confirmed in time, and the rules before it are restored.
    args: Type.Object({ rollback: Type.Boolean() }),
  },
} as const satisfies Record<string, OperationDefinition>;

export type ApplyArgs = ArgsOf<typeof firewallOperations.apply>;

/** A firewall as the target of operations. */
export const firewallTarget = ({
  id,
  team_id,
  status,
}: Pick<Firewall, 'id' | 'team_id' | 'status'>): Target => ({
  type: 'firewall',
  id,
  teamId: team_id,
  status,
});
