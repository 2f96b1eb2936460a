import type { Api } from '../../../http/api.ts';
import { idempotencyKey, mutate } from '../../../http/mutation.ts';
import { BucketParams } from '../schema.ts';
import {
  AbortUpload,
  BeginUpload,
  CompleteUpload,
  DeleteObjects,
  ObjectsDeleted,
  UploadBegun,
  UploadEnded,
} from './schema.ts';
import type { BucketObjects } from './service.ts';

const tags = ['Buckets'];
const params = BucketParams;
const objects = '/storage/buckets/:bucket/objects';
const config = {
  scope: 'storage:write',
  asksInstance: true,
  errors: ['invalid_state', 'not_available', 'no_capacity'],
} as const;

/** Large objects, in parts. */
export function uploadRoutes(api: Api, service: BucketObjects): void {
  beginRoute(api, service);
  completeRoute(api, service);
  abortRoute(api, service);
}

function beginRoute(api: Api, service: BucketObjects): void {
  api.post(
    `${objects}/uploads`,
    {
      config,
      schema: {
        operationId: 'beginBucketUpload',
        summary: 'Begin an upload',
        description:
          'Begins the upload of a large object, whose parts are sent by `PUT …/objects/content`. It is there once the upload is ' +
          'completed. The parts of one that is neither completed nor given up take up room.',
        tags,
        params,
        body: BeginUpload,
        response: { 201: UploadBegun },
      },
    },
    async (request) => {
      const { principal, params, body } = request;
      const { row, store } = await service.writable(principal, params.bucket);
      idempotencyKey(request);
      const begun = await service.begin(row, store, body);
      const answer = await mutate(request, async () => begun);
      // The same request came before, and its upload is the one that the client has.
      if (request.idempotencyReplayed) await service.abort(row, store, begun);
      return answer;
    },
  );
}

function completeRoute(api: Api, service: BucketObjects): void {
  api.post(
    `${objects}/uploads/complete`,
    {
      config,
      schema: {
        operationId: 'completeBucketUpload',
        summary: 'Complete an upload',
        description: 'Makes the parts, in their order, the object.',
        tags,
        params,
        body: CompleteUpload,
        response: { 200: UploadEnded },
      },
    },
    async (request) => {
      const { principal, params, body } = request;
      const { key, parts } = body;
      const { row, store } = await service.writable(principal, params.bucket);
      idempotencyKey(request);
      // An upload can be completed once: a request that comes twice gets the first answer.
      const failure = await service.complete(row, store, body).then(
        () => null,
        (error: unknown) => error,
      );
      return mutate(
        request,
        async (tx) => {
          if (failure !== null) throw failure;
          await service.noteUploaded(tx, row, key);
          return { message: 'The object was written.', key };
        },
        { did: { key, parts: parts.length } },
      );
    },
  );
}

function abortRoute(api: Api, service: BucketObjects): void {
  api.post(
    `${objects}/uploads/abort`,
    {
      config,
      schema: {
        operationId: 'abortBucketUpload',
        summary: 'Give up an upload',
        description: 'Forgets the parts of an upload that is not completed.',
        tags,
        params,
        body: AbortUpload,
        response: { 200: UploadEnded },
      },
    },
    async (request) => {
      const { principal, params, body } = request;
      const { row, store } = await service.writable(principal, params.bucket);
      idempotencyKey(request);
      await service.abort(row, store, body);
      const answer = { message: 'The upload was given up.', key: body.key };
      return mutate(request, async () => answer, { did: { ...body } });
    },
  );
}

export function deleteRoute(api: Api, service: BucketObjects): void {
  api.post(
    `${objects}/delete`,
    {
      config: { scope: 'storage:delete', asksInstance: true, errors: ['invalid_state', 'not_available'] },
      schema: {
        operationId: 'deleteBucketObjects',
        summary: 'Delete objects',
        description:
          'Deletes objects by their keys; those that are not there count as deleted. Where the bucket keeps old versions, they ' +
          'stay, and S3 clients can bring them back.',
        tags,
        params,
        body: DeleteObjects,
        response: { 200: ObjectsDeleted },
      },
    },
    async (request) => {
      const { principal, params, body } = request;
      const { row, store } = await service.writable(principal, params.bucket);
      idempotencyKey(request);
      const keys = [...new Set(body.keys)];
      const kept = await service.remove(row, store, keys);
      const deleted = keys.filter((key) => !kept.includes(key));
      return mutate(
        request,
        async (tx) => {
          await service.noteDeleted(tx, row, deleted.length);
          return { message: messageOf(deleted.length, kept.length), deleted: deleted.length, kept };
        },
        { did: { deleted } },
      );
    },
  );
}

function messageOf(deleted: number, kept: number): string {
  const done = `${deleted} object${deleted === 1 ? ' was' : 's were'} deleted.`;
  return kept === 0 ? done : `${done} ${kept} cannot be deleted because of a lock or the bucket’s policy.`;
}
