import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Api, HttpServer } from '../../../http/api.ts';
import { BYTES, takeBytes } from '../../../http/bytes.ts';
import { idempotencyKey, mutate } from '../../../http/mutation.ts';
import { assertScope, teamPrincipal } from '../../../http/principal.ts';
import { invalid, notFound } from '../../../lib/errors.ts';
import { UUID } from '../../../lib/ids.ts';
import { BucketParams } from '../schema.ts';
import { type Bucket, getBucket } from '../store.ts';
import { MAX_BYTES, ObjectList, ObjectQuery, ObjectsQuery, ObjectWritten, PutQuery } from './schema.ts';
import { assertKey, type BucketObjects } from './service.ts';
import { attachmentOf, lengthOf, readFrom, Transfers } from './transfers.ts';
import { deleteRoute, uploadRoutes } from './upload-routes.ts';

const tags = ['Buckets'];
const params = BucketParams;
const objects = '/storage/buckets/:bucket/objects';
const content = `${objects}/content`;
/** Of S3, in bytes. */
const LARGEST = 5 * 1024 ** 4;

/** Objects of buckets, for people without an S3 client. */
export function bucketObjectRoutes(api: Api, service: BucketObjects): void {
  const transfers = new Transfers();
  listRoute(api, service);
  downloadRoute(api, service, transfers);
  putRoute(api, service, transfers);
  uploadRoutes(api, service);
  deleteRoute(api, service);
}

function listRoute(api: Api, service: BucketObjects): void {
  api.get(
    objects,
    {
      config: { scope: 'storage:read', asksInstance: true, errors: ['invalid_state', 'not_available'] },
      schema: {
        operationId: 'listBucketObjects',
        summary: 'List objects',
        description:
          'Lists the objects of a bucket, in the order of their keys, as folders have them: `folders` has what keys have in ' +
          'common up to the next slash behind `prefix`. S3 clients list as well, and faster.',
        tags,
        params,
        querystring: ObjectsQuery,
        response: { 200: ObjectList },
      },
    },
    ({ principal, params, query }) => service.list(principal, params.bucket, query),
  );
}

function downloadRoute(api: Api, service: BucketObjects, transfers: Transfers): void {
  api.get(
    content,
    {
      // Which team it acts on is that of the bucket: a browser that follows a link sends no `X-Team-Id`.
      config: {
        scope: 'storage:read',
        team: 'none',
        asksInstance: true,
        mediaType: BYTES,
        errors: ['invalid_state', 'not_available'],
      },
      schema: {
        operationId: 'getBucketObject',
        summary: 'Download an object',
        description:
          'The bytes of an object, whatever its media type is: browsers save them, and show nothing of them.',
        tags,
        params,
        querystring: ObjectQuery,
        response: { 200: Type.String({ format: 'binary', maxLength: LARGEST, example: 'Hello' }) },
      },
    },
    async (request, reply) => {
      const { key } = request.query;
      const bucket = await findOwn(api, request);
      const end = transfers.begin(bucket.team_id);
      // It ends with the answer, however that does.
      reply.raw.once('close', end);
      const { sizeBytes, body } = await service.open(bucket, key).catch((error: unknown) => {
        end();
        throw error;
      });
      reply.headers(downloadHeaders(key)).header('content-length', sizeBytes).type(BYTES);
      if (request.method !== 'HEAD') return reply.send(body as never);
      body.destroy();
      return reply.send('');
    },
  );
}

/**
 * What a customer has stored must never run as a page of the dashboard's origin: it has no type that a browser shows, it is
 * saved instead of opened, and if it were opened all the same, then without scripts and in an origin of its own.
 */
const downloadHeaders = (key: string) => ({
  'content-disposition': attachmentOf(key),
  'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
});

/** The bucket, where the credential may read it. Throws `not_found` for that of a team which is not the account’s. */
async function findOwn(api: Api, request: FastifyRequest): Promise<Bucket> {
  const { bucket: id } = request.params as { bucket: string };
  const row = UUID.test(id) ? await getBucket(api.database.db, id) : undefined;
  const identity = await api.authenticator.authenticate(request);
  if (!row || !identity.roles.has(row.team_id)) throw notFound('Bucket');
  assertScope(teamPrincipal(identity, String(row.team_id), request.id), 'storage:read');
  return row;
}

function putRoute(api: Api, service: BucketObjects, transfers: Transfers): void {
  api.register(async (scope) => {
    takeBytes(scope as unknown as HttpServer);
    (scope as unknown as Api).put(
      content,
      {
        config: {
          scope: 'storage:write',
          asksInstance: true,
          takesBytes: MAX_BYTES,
          errors: ['invalid_state', 'not_available', 'no_capacity'],
        },
        schema: {
          operationId: 'putBucketObject',
          summary: 'Upload an object',
          description:
            `Writes an object of up to ${MAX_BYTES / 1024 ** 2} MiB, in place of one with this key, or with \`upload_id\` and ` +
            '`part_number` a part of a larger one. A key that ends with a slash, without a body, makes a folder.',
          tags,
          params,
          querystring: PutQuery,
          response: { 200: ObjectWritten },
        },
      },
      (request) => put(request as never, service, transfers),
    );
  });
}

async function put(
  request: Parameters<typeof mutate>[0] & { params: { bucket: string }; query: PutQuery },
  service: BucketObjects,
  transfers: Transfers,
) {
  const { principal, query } = request;
  const { key } = query;
  const { row, store } = await service.writable(principal as never, request.params.bucket);
  idempotencyKey(request);
  assertKey(key);
  if ((query.upload_id === undefined) !== (query.part_number === undefined))
    throw invalid({ part_number: ['The fields upload_id and part_number go together.'] });
  const sizeBytes = lengthOf(request);
  const end = transfers.begin(row.team_id);
  const body = readFrom(request.raw);
  let etag: string | null = null;
  try {
    await request.leaveTurn(async () => {
      etag = await service.put(row, store, query, { body, sizeBytes });
    });
  } finally {
    end();
    body.destroy();
  }
  const written = { key, size_bytes: sizeBytes, etag };
  // The log has the beginning and the end of uploads, and not each of thousands of parts.
  if (query.upload_id !== undefined) return { message: 'The part was written.', ...written };
  return mutate(
    request,
    async (tx) => {
      await service.noteUploaded(tx, row, key);
      return { message: 'The object was written.', ...written };
    },
    { did: { key, bytes: sizeBytes } },
  );
}
