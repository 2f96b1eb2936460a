import type { Database, Queryable } from '../db/database.ts';
import type { Api } from '../http/api.ts';
import { pageOf } from '../http/pagination.ts';
import { assertScope } from '../http/principal.ts';
import { Obj, PathId } from '../http/schema.ts';
import { readScopeOf } from '../http/scopes.ts';
import { notFound } from '../lib/errors.ts';
import { UUID } from '../lib/ids.ts';
import { listOperations, type OperationsWanted } from './list.ts';
import { OperationAnswer, OperationList, OperationListQuery, OperationQuery } from './schema.ts';
import { isTerminal, viewOperation } from './view.ts';
import type { OperationWaits } from './waiting.ts';

/** Routes for operations: the progress of asynchronous work. */
export function operationRoutes(api: Api, database: Database, waits: OperationWaits): void {
  // Before the server waits for the requests in progress.
  api.addHook('preClose', async () => waits.endAll());
  api.addHook('onClose', () => waits.close());
  listRoute(api, database);
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
        assertScope(principal, readScopeOf(found.resource_type));
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

function listRoute(api: Api, database: Database): void {
  api.get(
    '/operations',
    {
      schema: {
        operationId: 'listOperations',
        summary: 'List operations',
        description:
          'Lists what the team’s resources were and are asked for, newest first: what is at work, what waits, and why ' +
          'something failed. It has the operations of resources that the token may read, for example with `vps:read`.',
        tags: ['Operations'],
        querystring: OperationListQuery,
        response: { 200: OperationList },
      },
      config: { scope: null },
    },
    async ({ principal, query }) => {
      const wanted = query as OperationsWanted;
      const listed = await listOperations(database.db, principal, wanted);
      return pageOf(listed.rows.map(viewOperation), listed, wanted);
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
