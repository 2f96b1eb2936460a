import type { FastifyRequest } from 'fastify';
import type { Api } from '../../http/api.ts';
import type { ListWanted } from '../../http/listing.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import { parseNumberId } from '../../http/schema.ts';
import { kindOf } from '../../instances/kinds.ts';
import { Action, snapshotSchemas } from './schema.ts';
import type { SnapshotService } from './service.ts';

const tags = ['Snapshots'];

/** The routes for snapshots of one kind of instance, below `/snapshots/KIND`. */
export function snapshotRoutes(api: Api, service: SnapshotService): void {
  collectionRoutes(api, service);
  showRoute(api, service);
  restoreRoutes(api, service);
  deleteRoute(api, service);
}

/** What the routes of a kind have in common: names, paths, and parsing of the id. */
function routeParts({ kind }: SnapshotService) {
  const { label, noun, snapshots } = kindOf(kind);
  const { member, param } = snapshots;
  return {
    label,
    noun,
    member,
    path: `/snapshots/${kind}`,
    one: `/snapshots/${kind}/:${param}`,
    schemas: snapshotSchemas(kind),
    idOf: (request: FastifyRequest) => snapshotId(request, param),
  };
}

function collectionRoutes(api: Api, service: SnapshotService): void {
  const { label, noun, member, path, schemas } = routeParts(service);
  api.get(
    path,
    {
      config: { scope: 'snapshot:read' },
      schema: {
        operationId: `list${label}Snapshots`,
        summary: `List snapshots of ${noun}s`,
        description:
          `Lists the snapshots of the team’s ${noun}s, newest first, or those that the parameters name. Those that ` +
          'Danube takes automatically are among them.',
        tags,
        querystring: schemas.query,
        response: { 200: PageOf(schemas.snapshot) },
      },
    },
    (request) => service.list(request.principal, request.query as unknown as ListWanted),
  );
  api.post(
    path,
    {
      config: { scope: 'snapshot:write', errors: ['quota_exceeded', 'invalid_state'] },
      schema: {
        operationId: `create${label}Snapshot`,
        summary: `Take a snapshot of a ${noun}`,
        description:
          `Saves the state of the ${noun}’s disk at one moment. If another operation on the ${noun} is running, it ` +
          'waits for that to end.',
        tags,
        body: schemas.create,
        response: { 201: schemas.created },
      },
    },
    (request) => {
      const body = request.body as Record<string, string | null | undefined>;
      return mutate(request, (tx) =>
        service.create(tx, request.principal, {
          instanceId: body[`${member}_id`]!,
          name: body.name!,
          description: body.description ?? null,
        }),
      );
    },
  );
}

function showRoute(api: Api, service: SnapshotService): void {
  const { label, one, schemas, idOf } = routeParts(service);
  api.get(
    one,
    {
      config: { scope: 'snapshot:read' },
      schema: {
        operationId: `get${label}Snapshot`,
        summary: 'Show a snapshot',
        description: 'Shows one snapshot, with the result of its last restore drill.',
        tags,
        params: schemas.params,
        response: { 200: schemas.shown },
      },
    },
    (request) => service.show(request.principal, idOf(request)),
  );
}

function restoreRoutes(api: Api, service: SnapshotService): void {
  const { label, noun, one, schemas, idOf } = routeParts(service);
  api.post(
    `${one}/restore`,
    {
      config: { scope: 'snapshot:write', errors: ['invalid_state'] },
      schema: {
        operationId: `restore${label}Snapshot`,
        summary: `Restore a ${noun}`,
        description:
          `Restores the ${noun} to the snapshot and starts it. Its id, addresses, plan and credentials stay as they ` +
          'are now. The state before is kept until the next restore, as a snapshot with the reason `safety`.',
        tags,
        params: schemas.params,
        response: { 200: Action('restoring', `The ${noun} is going back to the snapshot.`) },
      },
    },
    (request) => mutate(request, (tx) => service.restore(tx, request.principal, idOf(request))),
  );
  api.post(
    `${one}/verify`,
    {
      config: { scope: 'snapshot:write', errors: ['invalid_state'] },
      schema: {
        operationId: `verify${label}Snapshot`,
        summary: 'Verify a snapshot',
        description:
          'Runs a restore drill: creates a temporary instance without a network from the snapshot, waits until it ' +
          'answers, checks its data, and removes it. The operation fails if the drill fails. `verification` has ' +
          'the result.',
        tags,
        params: schemas.params,
        response: { 200: Action('ready', 'The snapshot is being restored to a throwaway instance.') },
      },
    },
    (request) => mutate(request, (tx) => service.verify(tx, request.principal, idOf(request))),
  );
}

function deleteRoute(api: Api, service: SnapshotService): void {
  const { label, one, schemas, idOf } = routeParts(service);
  api.delete(
    one,
    {
      config: { scope: 'snapshot:delete', errors: ['invalid_state'] },
      schema: {
        operationId: `delete${label}Snapshot`,
        summary: 'Delete a snapshot',
        description: 'Deletes a snapshot that nothing is being made from. It is 404 once gone.',
        tags,
        params: schemas.params,
        response: { 200: Action('destroying', 'The snapshot is being deleted.') },
      },
    },
    (request) => mutate(request, (tx) => service.remove(tx, request.principal, idOf(request))),
  );
}

/** The number in a snapshot's path; null for any other text. */
export const snapshotId = (request: FastifyRequest, param: string): number | null =>
  parseNumberId((request.params as Record<string, string>)[param]!);
