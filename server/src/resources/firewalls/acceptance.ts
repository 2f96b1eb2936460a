import type { Tx } from '../../db/database.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { accept } from '../../operations/accept.ts';
import { asOperation } from '../../operations/arguments.ts';
import { queuedOperations } from '../../operations/operations-store.ts';
import { firewallOperations, firewallTarget } from './operations.ts';
import { NEXT_REVISION, updateFirewall } from './store.ts';

/**
 * Accepts the operation that applies a change to the data plane, and returns its id. Reuses a waiting one. The
 * transaction must hold the team's lock.
 */
export async function acceptApply(tx: Tx, principal: TeamPrincipal, id: string): Promise<string> {
  const status = 'applying';
  await updateFirewall(tx, id, { status, error: null, ...NEXT_REVISION });
  const waiting = (await queuedOperations(tx, id)).find(
    (queued) => asOperation(firewallOperations.apply, queued)?.args.rollback === false,
  );
  if (waiting) return waiting.id;
  const target = firewallTarget({ id, team_id: principal.team.id, status });
  const operation = await accept(tx, principal, target, firewallOperations.apply, { rollback: false });
  return operation.id;
}
