import type { Static, TSchema } from 'typebox';
import type { Tx } from '../db/database.ts';
import { isScope } from '../http/scopes.ts';
import { invalidState } from '../lib/errors.ts';
import { assertArgs } from './arguments.ts';
import type { OperationDefinition, OperationWorkflows } from './operation.ts';
import { type AcceptedOperation, insertOperation, queuedOperations } from './operations-store.ts';

/** More than anybody means to ask for in advance; without a bound a loop in a script would block its own resource. */
const MAX_QUEUED = 5;

/** Who wants an operation: a principal, or {@link DANUBE}. */
export interface Asker {
  accountId: number | null;
  requestId: string | null;
}

/** Asks for what nobody has requested: daily snapshots, rollbacks, storage that grows by itself. */
export const DANUBE: Asker = { accountId: null, requestId: null };

/** Something that operations work on, as whoever asks finds it. */
export interface Target {
  /** `resource_type` of its operations, for example `vps`. */
  type: string;
  id: string;
  teamId: number;
  status: string;
}

const carriedOut = new Set<string>();

/**
 * Makes known what can be carried out. Throws where nobody could ask how an operation fares: that takes the scope to read
 * what it works on.
 */
export function registerOperations(workflows: OperationWorkflows): void {
  for (const [type, kinds] of Object.entries(workflows)) {
    if (!isScope(`${type}:read`)) {
      throw new Error(`There are operations on "${type}", but no module has the scope "${type}:read".`);
    }
    for (const kind of Object.keys(kinds)) carriedOut.add(`${type}.${kind}`);
  }
}

/**
 * Accepts an operation; it waits its turn behind what was asked of the target before. The transaction must hold a lock
 * on the target's row. Throws `invalid_state` where too much waits already; a deletion is always let in: it is the
 * last.
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
  if (!carriedOut.has(`${type}.${kind}`)) {
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
