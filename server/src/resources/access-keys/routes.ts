import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import {
  AccessKey,
  CreateAccessKey,
  KeyAnswer,
  KeyCreated,
  KeyParams,
  KeyQuery,
  KeyRevoked,
} from './schema.ts';
import type { AccessKeyService } from './service.ts';

const tags = ['Access keys'];
const params = KeyParams;
const one = '/storage/access-keys/:accessKey';

/** Keys that S3 clients use. */
export function accessKeyRoutes(api: Api, keys: AccessKeyService): void {
  collectionRoutes(api, keys);
  memberRoutes(api, keys);
}

function collectionRoutes(api: Api, keys: AccessKeyService): void {
  api.get(
    '/storage/access-keys',
    {
      config: { scope: 'storage:read' },
      schema: {
        operationId: 'listAccessKeys',
        summary: 'List access keys',
        description:
          'Lists the team’s access keys, newest first, or those that the parameters name. Revoked keys stay in the list ' +
          'for 30 days.',
        tags,
        querystring: KeyQuery,
        response: { 200: PageOf(AccessKey) },
      },
    },
    (request) => keys.list(request.principal, request.query),
  );
  api.post(
    '/storage/access-keys',
    {
      config: { scope: 'storage:write', errors: ['quota_exceeded', 'not_available'] },
      schema: {
        operationId: 'createAccessKey',
        summary: 'Create an access key',
        description:
          'Creates a key for S3 clients. Its secret is in this answer only. The key works once its status is `active`, ' +
          'usually within a second; the first one of an install waits until the object store is made.',
        tags,
        body: CreateAccessKey,
        response: { 201: KeyCreated },
      },
    },
    (request) =>
      mutate(request, (tx) => keys.create(tx, request.principal, request.body), { holdsSecret: true }),
  );
}

function memberRoutes(api: Api, keys: AccessKeyService): void {
  api.get(
    one,
    {
      config: { scope: 'storage:read' },
      schema: {
        operationId: 'getAccessKey',
        summary: 'Show an access key',
        description: 'Shows one access key, without its secret.',
        tags,
        params,
        response: { 200: KeyAnswer },
      },
    },
    (request) => keys.show(request.principal, request.params.accessKey),
  );
  api.delete(
    one,
    {
      config: { scope: 'storage:delete', errors: ['invalid_state', 'not_available'] },
      schema: {
        operationId: 'revokeAccessKey',
        summary: 'Revoke an access key',
        description: 'Revokes a key: within a second, S3 refuses it. What it has stored stays.',
        tags,
        params,
        response: { 200: KeyRevoked },
      },
    },
    (request) => mutate(request, (tx) => keys.revoke(tx, request.principal, request.params.accessKey)),
  );
}
