import type { Tx } from '../db/database.ts';
import type { TeamPrincipal } from '../http/principal.ts';
import { invalidState } from '../lib/errors.ts';
import { type AcceptedOperation, acceptOperation, queuedOperations } from './operations-store.ts';

/** More than anybody means to ask for in advance; without a bound a loop in a script would block its own instance. */
const MAX_QUEUED = 5;

/** Something that operations work on, as a request finds it. */
export interface Target {
  /** `resource_type` of its operations, for example `vps`. */
  type: string;
  id: string;
  status: string;
}

/**
 * Accepts what a principal asks of an instance; it waits its turn behind what was asked before. The transaction must
 * hold a lock on the instance's row. Throws `invalid_state` where too much waits already; a deletion is always let in:
 * it is the last.
 */
export async function acceptRequest(
  tx: Tx,
  principal: TeamPrincipal,
  target: Target,
  kind: string,
  args: object = {},
): Promise<AcceptedOperation> {
  const operation = await acceptOperation(tx, {
    teamId: principal.team.id,
    accountId: principal.accountId,
    resourceType: target.type,
    resourceId: target.id,
    kind,
    args: { ...args },
    requestId: principal.requestId,
  });
  if (operation.state === 'queued' && kind !== 'delete') await assertRoomInQueue(tx, target);
  return operation;
}

async function assertRoomInQueue(tx: Tx, target: Target): Promise<void> {
  const waiting = await queuedOperations(tx, target.id);
  if (waiting.length <= MAX_QUEUED) return;
  throw invalidState(
    `${MAX_QUEUED} operations wait for this instance already. Ask again when some of them have ended.`,
    target.status,
  );
}
