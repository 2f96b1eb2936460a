import type { Selectable } from 'kysely';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Operations } from '../db/schema.gen.ts';

export type OperationRow = Selectable<Operations>;

/** Milliseconds that a client should wait before it asks again. */
const POLL_MS = 1_000;

const StoredError = Type.Object({ code: Type.String(), message: Type.String(), retryable: Type.Boolean() });

/** Whether it has ended. */
export const isTerminal = ({ state }: Pick<OperationRow, 'state'>): boolean =>
  state === 'succeeded' || state === 'failed';

/** An operation as the API shows it. */
export function viewOperation(row: OperationRow) {
  const terminal = isTerminal(row);
  return {
    operation_id: row.id,
    resource_id: row.resource_id,
    resource_type: row.resource_type,
    kind: row.kind,
    state: publicState(row.state),
    terminal,
    poll_after_ms: terminal ? 0 : POLL_MS,
    percent: row.percent,
    step: row.step,
    revision: null,
    knative_revision: null,
    image: null,
    created_at: row.created_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null,
    finished_at: row.finished_at?.toISOString() ?? null,
    error: publicError(row.error),
  };
}

/** For the customer, waiting for a worker is the same as waiting for another operation. */
function publicState(state: string): 'queued' | 'running' | 'succeeded' | 'failed' {
  return state === 'running' || state === 'succeeded' || state === 'failed' ? state : 'queued';
}

function publicError(stored: unknown): Static<typeof StoredError> | null {
  return Value.Check(StoredError, stored)
    ? { code: stored.code, message: stored.message, retryable: stored.retryable }
    : null;
}
