import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import {
  Bucket,
  BucketAnswer,
  BucketDeleted,
  BucketParams,
  BucketQuery,
  BucketWritten,
  CreateBucket,
  DeleteQuery,
  UpdateBucket,
} from './schema.ts';
import type { BucketService } from './service.ts';

const tags = ['Buckets'];
const params = BucketParams;
const one = '/storage/buckets/:bucket';

/** Buckets of object storage. Their objects are read and written by S3. */
export function bucketRoutes(api: Api, buckets: BucketService): void {
  collectionRoutes(api, buckets);
  memberRoutes(api, buckets);
  deleteRoute(api, buckets);
}

function collectionRoutes(api: Api, buckets: BucketService): void {
  api.get(
    '/storage/buckets',
    {
      config: { scope: 'storage:read' },
      schema: {
        operationId: 'listBuckets',
        summary: 'List buckets',
        description: 'Lists the team’s buckets, newest first, or those that the parameters name.',
        tags,
        querystring: BucketQuery,
        response: { 200: PageOf(Bucket) },
      },
    },
    (request) => buckets.list(request.principal, request.query),
  );
  api.post(
    '/storage/buckets',
    {
      config: { scope: 'storage:write', errors: ['quota_exceeded', 'not_available'] },
      schema: {
        operationId: 'createBucket',
        summary: 'Create a bucket',
        description:
          'Creates a bucket, which S3 clients can use once its status is `active`, usually within a second; the first one ' +
          'of an install waits until the object store is made. In S3 it has the name `minio_bucket_name`.',
        tags,
        body: CreateBucket,
        response: { 201: BucketWritten('BucketCreated') },
      },
    },
    (request) => mutate(request, (tx) => buckets.create(tx, request.principal, request.body)),
  );
}

function memberRoutes(api: Api, buckets: BucketService): void {
  api.get(
    one,
    {
      config: { scope: 'storage:read' },
      schema: {
        operationId: 'getBucket',
        summary: 'Show a bucket',
        description: 'Shows one bucket, with where S3 clients connect to.',
        tags,
        params,
        response: { 200: BucketAnswer },
      },
    },
    (request) => buckets.show(request.principal, request.params.bucket),
  );
  api.put(
    one,
    {
      config: { scope: 'storage:write', errors: ['invalid_state', 'not_available'] },
      schema: {
        operationId: 'updateBucket',
        summary: 'Update a bucket',
        description:
          'Changes the settings that the body names. All others stay, also those that were set by S3, such as the bucket’s ' +
          'policy.',
        tags,
        params,
        body: UpdateBucket,
        response: { 200: BucketWritten('BucketUpdated') },
      },
    },
    (request) =>
      mutate(request, (tx) => buckets.update(tx, request.principal, request.params.bucket, request.body)),
  );
}

function deleteRoute(api: Api, buckets: BucketService): void {
  api.delete(
    one,
    {
      config: {
        scope: 'storage:delete',
        asksInstance: true,
        errors: ['invalid_state', 'not_available', 'unavailable'],
      },
      schema: {
        operationId: 'deleteBucket',
        summary: 'Delete a bucket',
        description:
          'Deletes an empty bucket, or with `force` one with all its objects, which takes as long as there are many. Objects ' +
          'that are locked cannot be deleted: then it fails. Permissions of access keys in the bucket end with it.',
        tags,
        params,
        querystring: DeleteQuery,
        response: { 200: BucketDeleted },
      },
    },
    async (request) => {
      const { principal, params, query } = request;
      const force = query.force === 'true' || query.force === '1';
      const holds = await buckets.measure(principal, params.bucket);
      return mutate(request, (tx) => buckets.remove(tx, principal, params.bucket, force, holds));
    },
  );
}
