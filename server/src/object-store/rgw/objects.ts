import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { BucketRef } from '../contract.ts';
import { type Content, isPathSafe, type ObjectPage, type StoreObjects, type UploadRef } from '../objects.ts';
import { type GatewayClient, GatewayError, orNull, type S3Keys, type Streamed } from './client.ts';
import { ownerKeys, type RgwContext } from './context.ts';
import { objectPath } from './emptying.ts';
import { all, element, parseXml, textOf } from './xml.ts';

/** Characters that XML cannot have, so that a list of keys to delete cannot name them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Implements `StoreObjects`, as the owner of the buckets. */
export function rgwObjects(context: RgwContext): StoreObjects {
  return { ...reading(context), ...writing(context), ...uploads(context) };
}

function reading(context: RgwContext): Pick<StoreObjects, 'listObjects' | 'openObject'> {
  return {
    async listObjects(ref, { prefix, after, limit }) {
      const { client, keys } = await asOwner(context, ref);
      const query = {
        ...{ 'list-type': 2, delimiter: '/', 'max-keys': limit },
        prefix: prefix || undefined,
        'continuation-token': after ?? undefined,
      };
      const sent = { method: 'GET', path: `/${ref.name}`, query } as const;
      const text = await refusing(orNull(client.ask(keys, sent)));
      return text === null ? null : pageOf(text);
    },
    async openObject(ref, key) {
      const { client, keys } = await asOwner(context, ref);
      const sent = { method: 'GET', path: objectPath(ref.name, key) } as const;
      const answer = await refusing(orNull(client.stream(keys, sent, null)));
      return answer && { sizeBytes: Number(answer.headers['content-length'] ?? 0), body: answer.body };
    },
  };
}

function pageOf(text: string): ObjectPage {
  const page = parseXml(text);
  const objects = all(page, 'Contents').map((node) => {
    const modified = textOf(node, 'LastModified');
    return {
      key: textOf(node, 'Key') ?? '',
      sizeBytes: Number(textOf(node, 'Size') ?? 0),
      modifiedAt: modified === undefined ? null : new Date(modified),
    };
  });
  const folders = all(page, 'CommonPrefixes').map((node) => textOf(node, 'Prefix') ?? '');
  return { objects, folders, next: textOf(page, 'NextContinuationToken') ?? null };
}

function writing(context: RgwContext): Pick<StoreObjects, 'putObject' | 'removeObjects'> {
  return {
    async putObject(ref, key, content, mediaType) {
      await put(context, ref, { key, content, headers: { 'content-type': mediaType } });
    },
    async removeObjects(ref, keys) {
      const owner = await asOwner(context, ref);
      const named = keys.filter((key) => !NOT_IN_XML.test(key));
      const others = keys.filter((key) => NOT_IN_XML.test(key));
      const kept = named.length === 0 ? [] : await refusing(removeNamed(owner, ref, named));
      // Nothing can name those that no path can have either.
      kept.push(...others.filter((key) => !isPathSafe(key)));
      for (const key of others.filter(isPathSafe)) {
        const sent = { method: 'DELETE', path: objectPath(ref.name, key) } as const;
        const isGone = await owner.client.ask(owner.keys, sent).then(
          () => true,
          (error: unknown) => {
            if (error instanceof GatewayError) return error.status === 404;
            throw error;
          },
        );
        if (!isGone) kept.push(key);
      }
      return kept;
    },
  };
}

async function removeNamed(
  { client, keys }: Owner,
  ref: BucketRef,
  named: readonly string[],
): Promise<string[]> {
  const body = element('Delete', { Quiet: true, Object: named.map((Key) => ({ Key })) });
  const sent = { method: 'POST', path: `/${ref.name}`, query: { delete: '' }, body } as const;
  return all(parseXml(await client.ask(keys, sent)), 'Error').map((error) => textOf(error, 'Key') ?? '');
}

function uploads(
  context: RgwContext,
): Pick<StoreObjects, 'beginUpload' | 'putPart' | 'completeUpload' | 'abortUpload'> {
  const pathOf = (ref: BucketRef, { key }: Pick<UploadRef, 'key'>) => objectPath(ref.name, key);
  return {
    async beginUpload(ref, key, mediaType) {
      const { client, keys } = await asOwner(context, ref);
      const headers = { 'content-type': mediaType };
      const sent = { method: 'POST', path: pathOf(ref, { key }), query: { uploads: '' }, headers } as const;
      return textOf(parseXml(await refusing(client.ask(keys, sent))), 'UploadId') ?? '';
    },
    async putPart(ref, { key, uploadId }, number, content) {
      const answer = await put(context, ref, { key, content, query: { partNumber: number, uploadId } });
      return String(answer.headers.etag ?? '');
    },
    async completeUpload(ref, upload, parts) {
      const { client, keys } = await asOwner(context, ref);
      const Part = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
      const body = element('CompleteMultipartUpload', { Part });
      const query = { uploadId: upload.uploadId };
      const text = await refusing(
        client.ask(keys, { method: 'POST', path: pathOf(ref, upload), query, body }),
      );
      // S3 begins its answer before it knows.
      const answer = parseXml(text);
      if (answer.name === 'Error') throw refused(textOf(answer, 'Code') ?? '', text);
    },
    async abortUpload(ref, upload) {
      const { client, keys } = await asOwner(context, ref);
      const query = { uploadId: upload.uploadId };
      await refusing(orNull(client.ask(keys, { method: 'DELETE', path: pathOf(ref, upload), query })));
    },
  };
}

interface Put {
  key: string;
  content: Content;
  query?: Record<string, string | number>;
  headers?: Record<string, string>;
}

async function put(context: RgwContext, ref: BucketRef, { key, content, ...rest }: Put): Promise<Streamed> {
  if (!context.hasRoomFor(content.sizeBytes)) throw full();
  context.letIn(content.sizeBytes);
  const { client, keys } = await asOwner(context, ref);
  const sent = { method: 'PUT', path: objectPath(ref.name, key), ...rest } as const;
  const answer = await refusing(client.stream(keys, sent, content));
  // The connection is used again when the answer was read.
  answer.body.resume();
  return answer;
}

interface Owner {
  client: GatewayClient;
  keys: S3Keys;
}

async function asOwner(context: RgwContext, { teamId }: BucketRef): Promise<Owner> {
  const keys = await ownerKeys(context, teamId);
  if (!keys) throw new DataPlaneError('not_found', 'The bucket is not in the object storage.');
  return { client: await context.client(), keys };
}

/** What the store's refusals mean to people, by S3's code. */
const REFUSALS: Readonly<Record<string, string>> = {
  AccessDenied: 'The bucket’s own policy or object lock does not allow that.',
  QuotaExceeded: 'The bucket, or all buckets of the team together, are full.',
  EntityTooLarge: 'That is larger than S3 takes at once.',
  EntityTooSmall: 'All parts but the last must have at least 5 MiB.',
  KeyTooLongError: 'The name is longer than 1,024 bytes.',
  InvalidPart: 'A part is missing, or was written anew since. Send the upload again.',
  InvalidPartOrder: 'Name the parts in their order.',
};

async function refusing<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof GatewayError ? refused(error.code, error.message, error.status, error) : error;
  }
}

function refused(code: string, detail: string, status = 400, cause?: unknown): DataPlaneError {
  if (code === 'InsufficientStorage') return full();
  if (status === 404) return new DataPlaneError('not_found', 'It is not there any more.', { detail, cause });
  const message = REFUSALS[code] ?? `The object storage refuses that: ${code}.`;
  return new DataPlaneError('invalid', message, { detail, cause });
}

const full = (): DataPlaneError =>
  new DataPlaneError(
    'no_capacity',
    'The object storage of this install is full: nothing can be written until there is room.',
  );
