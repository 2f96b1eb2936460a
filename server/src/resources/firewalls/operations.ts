import { Type } from 'typebox';
import type { Target } from '../../operations/accept.ts';
import type { ArgsOf, OperationDefinition } from '../../operations/operation.ts';
import type { Firewall } from './store.ts';

/** The operations on a firewall. */
export const firewallOperations = {
  apply: {
    kind: 'apply',
    // Nobody confirmed a deploy in time, and the rules before it come back.
    args: Type.Object({ rollback: Type.Boolean() }),
  },
} as const satisfies Record<string, OperationDefinition>;

export type ApplyArgs = ArgsOf<typeof firewallOperations.apply>;

/** A firewall as operations are asked of it. */
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
