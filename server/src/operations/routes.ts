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
import { OperationAnswer, OperationQuery } from './schema.ts';
import type { OperationWaits } from './waiting.ts';

/** Milliseconds that a client should wait before it asks again. */
const POLL_MS = 1_000;

const StoredError = Type.Object({ code: Type.String(), message: Type.String(), retryable: Type.Boolean() });

/** Routes for operations: the progress of asynchronous work. */
export function operationRoutes(api: Api, database: Database, waits: OperationWaits): void {
  // Before the server waits for the requests in progress.
  api.addHook('preClose', async () => waits.endAll());
  api.addHook('onClose', () => waits.close());
  api.get(
    '/operations/:operation',
    {
      schema: {
        operationId: 'getOperation',
        summary: 'Show an operation',
        description:
          'Shows the progress of asynchronous work: its state, percentage and step, and the error if it failed. The ' +
          'token must have the scope to read the resource concerned, for example `vps:read`. With `wait`, the answer comes ' +
          'when the operation has ended, or after so many seconds: a program need not ask again and again.',
        tags: ['Operations'],
        params: Obj({ operation: PathId('uuid', 'Id of the operation.') }),
        querystring: OperationQuery,
        response: { 200: OperationAnswer },
      },
      // The required scope depends on the operation's resource.
      config: { scope: null },
    },
    async (request, reply) => {
      const { principal, query, params } = request;
      const find = async () => {
        const found = await findOperation(database.db, principal.team.id, params.operation);
        if (!found) throw notFound('Operation');
        assertScope(principal, `${found.resource_type}:read` as Scope);
        return found;
      };
      let row = await find();
      if (query.wait && !isTerminal(row)) {
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        // The client may have hung up during the look above.
        if (request.socket.destroyed) gone.abort();
        await request.leaveTurn(() => waits.untilEnded(row.id, principal.team.id, query.wait!, gone.signal));
        row = await find();
        // Closing the server waits for connections, of which a client could keep this one.
        if (waits.isClosing) reply.header('connection', 'close');
      }
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

const isTerminal = ({ state }: Selectable<Operations>): boolean =>
  state === 'succeeded' || state === 'failed';

function viewOperation(row: Selectable<Operations>) {
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
