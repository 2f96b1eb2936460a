import type { Tx } from '../../db/database.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import type { ParameterTarget } from './resolution.ts';

/** An instance that uses a parameter group. */
export interface Follower extends ParameterTarget {
  id: string;
  name: string;
  /** The parameters of the instance itself. */
  parameters: Readonly<Record<string, string>>;
  isBeingDeleted: boolean;
}

/** How parameter groups reach the resources that use them. */
export interface GroupFollowers {
  /** Locks all instances that use the group until the transaction ends. */
  lock(tx: Tx, groupId: number): Promise<Follower[]>;
  /** Takes the group from locked followers, which keep the parameters that they have. */
  release(tx: Tx, ids: readonly string[]): Promise<void>;
  /** Sets the parameters of a locked follower: at once, or at its next start if it has a problem. */
  set(
    tx: Tx,
    principal: TeamPrincipal,
    id: string,
    effective: Readonly<Record<string, string>>,
  ): Promise<void>;
}
