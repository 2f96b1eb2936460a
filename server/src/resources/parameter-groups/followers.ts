import type { Tx } from '../../db/database.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import type { ParameterTarget } from './resolution.ts';

/** An instance that has a parameter group. */
export interface Follower extends ParameterTarget {
  id: string;
  name: string;
  /** What is set on the instance itself. */
  parameters: Readonly<Record<string, string>>;
  isBeingDeleted: boolean;
}

/** What groups need of the resources that use them. */
export interface GroupFollowers {
  /** All that use the group, locked until the transaction ends. */
  lock(tx: Tx, groupId: number): Promise<Follower[]>;
  /** Sets the engine of a locked follower to these parameters: at once, or at its next start where it has a problem. */
  set(
    tx: Tx,
    principal: TeamPrincipal,
    id: string,
    effective: Readonly<Record<string, string>>,
  ): Promise<void>;
}
