import type { Static, TSchema } from 'typebox';
import type { Tx } from '../db/database.ts';
import { isScope, readScopeOf } from '../http/scopes.ts';
import { invalidState } from '../lib/errors.ts';
import { assertArgs } from './arguments.ts';
import type { OperationDefinition, OperationWorkflow, OperationWorkflows } from './operation.ts';
import { type AcceptedOperation, insertOperation, queuedOperations } from './operations-store.ts';

/** Most waiting operations per resource: more than anyone needs, and a bound for scripts that loop. */
const MAX_QUEUED = 5;

/** Who requests an operation: a principal, or {@link DANUBE}. */
export interface Asker {
  accountId: number | null;
  requestId: string | null;
}

/** The requester of operations that no user asked for: daily snapshots, rollbacks, automatic growth of storage. */
export const DANUBE: Asker = { accountId: null, requestId: null };

/** The resource that an operation is requested for. */
export interface Target {
  /** `resource_type` of its operations, for example `vps`. */
  type: string;
  id: string;
  teamId: number;
  status: string;
}

const carriedOut = new Map<string, OperationWorkflow>();

/** How operations of a kind are carried out; undefined where nobody does. */
export const workflowOf = (type: string, kind: string): OperationWorkflow | undefined =>
  carriedOut.get(`${type}.${kind}`);

/**
 * Registers the workflows. Throws where no token could read a type's operations, which takes the read scope of that
 * type.
 */
export function registerOperations(workflows: OperationWorkflows): void {
  for (const [type, kinds] of Object.entries(workflows)) {
    if (!isScope(readScopeOf(type))) {
      throw new Error(
        `There are operations on "${type}", but no module has the scope "${readScopeOf(type)}".`,
      );
    }
    for (const [kind, workflow] of Object.entries(kinds)) carriedOut.set(`${type}.${kind}`, workflow);
  }
}

/**
 * Accepts an operation, behind earlier ones on the same target. The transaction must hold a lock on the target's row.
 * Throws `invalid_state` where too many operations wait; a deletion is always accepted, since nothing comes after it.
 */
export async function accept<Args extends TSchema>(
  tx: Tx,
  { accountId, requestId }: Asker,
  { type, id, teamId, status }: Target,
  definition: OperationDefinition<Args>,
  args: Static<Args>,
): Promise<AcceptedOperation> {
  assertArgs(definition, args);
  const { kind } = definition;
  if (!workflowOf(type, kind)) {
    throw new Error(`Nobody would carry out ${type}.${kind}: no module has a workflow for it.`);
  }
  const operation = await insertOperation(tx, {
    teamId,
    accountId,
    requestId,
    resourceType: type,
    resourceId: id,
    kind,
    args,
  });
  if (operation.state === 'queued' && kind !== 'delete') await assertRoomInQueue(tx, id, status);
  return operation;
}

async function assertRoomInQueue(tx: Tx, id: string, status: string): Promise<void> {
  const waiting = await queuedOperations(tx, id);
  if (waiting.length <= MAX_QUEUED) return;
  throw invalidState(
    `${MAX_QUEUED} operations wait for this already. Ask again when some of them have ended.`,
    status,
  );
}
