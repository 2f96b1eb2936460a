import type { Selectable } from 'kysely';
import { Value } from 'typebox/value';
import type { Tx } from '../db/database.ts';
import type { Operations } from '../db/schema.gen.ts';
import { invalidState } from '../lib/errors.ts';
import { type Asker, workflowOf } from './accept.ts';
import { type AcceptedOperation, insertOperation } from './operations-store.ts';

/** Statuses that a failure leaves a resource in. */
const AFTER_FAILURE = new Set(['error', 'failed']);

/** Whether operations of this kind can be asked for again by who does not know their arguments. */
export const isRepeatable = (type: string, kind: string): boolean =>
  workflowOf(type, kind)?.isRepeatable ?? false;

/**
 * Asks again for what an operation that failed was to do. The transaction must hold a lock on the resource's row, whose
 * `status` is given: so of two at once, the second one finds the operation of the first. Throws `invalid_state`.
 */
export async function retryOperation(
  tx: Tx,
  { accountId, requestId }: Asker,
  failed: Selectable<Operations>,
  status: string,
): Promise<AcceptedOperation> {
  const { team_id: teamId, resource_type: resourceType, resource_id: resourceId, kind, args } = failed;
  if (failed.state !== 'failed')
    throw invalidState('Only an operation that has failed can be retried.', failed.state);
  const workflow = workflowOf(resourceType, kind);
  if (!workflow?.isRepeatable || !Value.Check(workflow.args, args)) {
    throw invalidState(
      `What "${kind}" was to do was taken back when it failed, so only the customer can ask for it again.`,
      failed.state,
    );
  }
  const later = await tx
    .selectFrom('operations')
    .select('id')
    .where('resource_id', '=', resourceId)
    .where('seq', '>', failed.seq)
    .limit(1)
    .executeTakeFirst();
  if (later)
    throw invalidState('Another operation of this resource came after it. Look at that one.', status);
  if (!AFTER_FAILURE.has(status))
    throw invalidState(`The resource is not in error any more: its status is ${status}.`, status);
  const again = { teamId, accountId, resourceType, resourceId, kind, args, requestId };
  const accepted = await insertOperation(tx, again);
  await workflow.begin(tx, { ...again, id: accepted.id });
  return accepted;
}
