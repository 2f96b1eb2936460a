import type { Database } from '../db/database.ts';
import type { Api } from '../http/api.ts';
import type { ListWanted } from '../http/listing.ts';
import { mutate } from '../http/mutation.ts';
import { Obj, PathId } from '../http/schema.ts';
import { end, listTroubles, retry } from './operations.ts';
import { OperationEnds, OperationRetried, OperatorOperationList, OperatorOperationQuery } from './schema.ts';

const tags = ['Operator'];
const read = { scope: 'operator:read', team: 'none' } as const;
const write = { scope: 'operator:write', team: 'none', errors: ['invalid_state'] } as const;
const params = Obj({ operatorOperation: PathId('uuid', 'Id of the operation.') });

/** Routes for operations of all teams that are in trouble. */
export function troubleRoutes(api: Api, database: Database): void {
  api.get(
    '/operator/operations',
    {
      schema: {
        operationId: 'listOperatorOperations',
        summary: 'List operations in trouble',
        description:
          'Lists operations of all teams that have failed, or have not ended 30 minutes after their beginning.',
        tags,
        querystring: OperatorOperationQuery,
        response: { 200: OperatorOperationList },
      },
      config: read,
    },
    ({ query }) => listTroubles(database.db, query as ListWanted),
  );
  api.post(
    '/operator/operations/:operatorOperation/retry',
    {
      schema: {
        operationId: 'retryOperation',
        summary: 'Retry an operation',
        description:
          'Asks again for what an operation that failed was to do, where that is still the last thing that was asked of the ' +
          'resource and the resource is still in error. Changes of settings were taken back, and are not retried.',
        tags,
        params,
        response: { 200: OperationRetried },
      },
      config: write,
    },
    (request) =>
      mutate(request, async (tx) => {
        const { id } = await retry(tx, request.principal, request.params.operatorOperation);
        return { message: 'It will be tried again.', operation_id: id };
      }),
  );
  api.post(
    '/operator/operations/:operatorOperation/end',
    {
      schema: {
        operationId: 'endOperation',
        summary: 'End an operation',
        description:
          'Lets an operation fail that does not end by itself: its step is given up after 10 seconds, what was half done is ' +
          'cleaned up, and what waits behind it fails as well. If it ends by itself before, that stands.',
        tags,
        params,
        response: { 200: OperationEnds },
      },
      config: write,
    },
    (request) =>
      mutate(request, async (tx) => {
        await end(tx, request.params.operatorOperation);
        return { message: 'It will end.' };
      }),
  );
}
