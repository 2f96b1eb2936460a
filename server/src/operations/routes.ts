import type { Selectable } from 'kysely';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Database, Queryable } from '../db/database.ts';
import type { Operations } from '../db/schema.gen.ts';
import type { Api } from '../http/api.ts';
import { assertScope } from '../http/principal.ts';
import { Obj, PathId } from '../http/schema.ts';
import type { Scope } from '../http/scopes.ts';
import { notFound } from '../lib/errors.ts';
import { UUID } from '../lib/ids.ts';
import { OperationAnswer } from './schema.ts';

/** Milliseconds that a client should wait before it asks again. */
const POLL_MS = 1_000;

const StoredError = Type.Object({ code: Type.String(), message: Type.String(), retryable: Type.Boolean() });

/** Routes for operations: the progress of asynchronous work. */
export function operationRoutes(api: Api, database: Database): void {
  api.get(
    '/operations/:operation',
    {
      schema: {
        operationId: 'getOperation',
        summary: 'Show an operation',
        description:
          'Shows the progress of asynchronous work: its state, percentage and step, and the error if it failed. The ' +
          'token must have the scope to read the resource concerned, for example `vps:read`.',
        tags: ['Operations'],
        params: Obj({ operation: PathId('uuid', 'Id of the operation.') }),
        response: { 200: OperationAnswer },
      },
      // The required scope depends on the operation's resource.
      config: { scope: null },
    },
    async (request) => {
      const row = await findOperation(database.db, request.principal.team.id, request.params.operation);
      if (!row) throw notFound('Operation');
      const scope = `${row.resource_type}:read` as Scope;
      assertScope(request.principal, scope);
      return { success: true, data: viewOperation(row), error: null, meta: { request_id: request.id } };
    },
  );
}

const findOperation = async (db: Queryable, teamId: number, id: string) =>
  UUID.test(id)
    ? await db
        .selectFrom('operations')
        .selectAll()
        .where('id', '=', id)
        .where('team_id', '=', teamId)
        .executeTakeFirst()
    : undefined;

function viewOperation(row: Selectable<Operations>) {
  const terminal = row.state === 'succeeded' || row.state === 'failed';
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
