import { DataPlaneError } from '../../../dataplane/contract/errors.ts';
import type { Tx } from '../../../db/database.ts';
import { record } from '../../../events/store.ts';
import type { TeamPrincipal } from '../../../http/principal.ts';
import { AppError, invalid, invalidState, notFound } from '../../../lib/errors.ts';
import type { ModuleContext } from '../../../module.ts';
import {
  type Content,
  isPathSafe,
  type OpenedObject,
  type StoreObjects,
} from '../../../object-store/objects.ts';
import { needStore } from '../../object-storage/need-store.ts';
import { bucketEvents } from '../events.ts';
import type { BucketService } from '../service.ts';
import { RESOURCE_TYPE } from '../states.ts';
import { type Bucket, bucketRef } from '../store.ts';
import {
  type AbortUpload,
  type BeginUpload,
  type CompleteUpload,
  MAX_KEY_BYTES,
  type ObjectsQuery,
  PART_BYTES,
  type PutQuery,
} from './schema.ts';

/** What objects are where nobody says it. */
const ANY = 'application/octet-stream';

/**
 * Objects of buckets, for people without an S3 client. Methods throw `not_found` for a bucket that is not the team’s. The store is
 * asked outside of transactions: what it has done is recorded afterwards.
 */
export class BucketObjects {
  readonly #buckets: BucketService;
  readonly #objects: ModuleContext['objects'];

  constructor(buckets: BucketService, { objects }: Pick<ModuleContext, 'objects'>) {
    this.#buckets = buckets;
    this.#objects = objects;
  }

  async list(principal: TeamPrincipal, id: string, query: ObjectsQuery) {
    const row = await this.#buckets.find(principal, id);
    const { prefix = '', per_page: limit } = query;
    const after = query.after === undefined ? null : Buffer.from(query.after, 'base64url').toString();
    assertLengths({ prefix });
    // One that is not made yet holds nothing.
    const isMade = row.status !== 'creating';
    const asked = isMade && needStore(this.#objects).listObjects(bucketRef(row), { prefix, after, limit });
    const page = (await (asked && refusing(row, asked))) || null;
    return {
      data: (page?.objects ?? []).map(({ key, sizeBytes, modifiedAt }) => ({
        key,
        size_bytes: sizeBytes,
        modified_at: modifiedAt?.toISOString() ?? null,
      })),
      folders: [...(page?.folders ?? [])],
      // As text that every request can have, whatever keys are made of.
      next_cursor: page?.next ? Buffer.from(page.next).toString('base64url') : null,
    };
  }

  /** A bucket whose objects can be written, and the store. */
  async writable(principal: TeamPrincipal, id: string): Promise<{ row: Bucket; store: StoreObjects }> {
    const row = await this.#buckets.find(principal, id);
    const store = needStore(this.#objects);
    if (row.status === 'creating')
      throw invalidState('The bucket is being created. Wait until its status is active.', row.status);
    if (row.status === 'destroying') throw invalidState('The bucket is being deleted.', row.status);
    return { row, store };
  }

  async open(row: Bucket, key: string): Promise<OpenedObject> {
    assertKey(key);
    const opened = await refusing(row, needStore(this.#objects).openObject(bucketRef(row), key));
    if (!opened) throw notFound('Object');
    return opened;
  }

  /** Writes an object, or a part of one. Returns the ETag of a part. */
  async put(row: Bucket, store: StoreObjects, query: PutQuery, content: Content): Promise<string | null> {
    const { key, media_type: mediaType = ANY, upload_id: uploadId, part_number: number } = query;
    const ref = bucketRef(row);
    if (uploadId !== undefined && number !== undefined)
      return refusing(row, store.putPart(ref, { key, uploadId }, number, content));
    await refusing(row, store.putObject(ref, key, content, mediaType));
    return null;
  }

  async begin(row: Bucket, store: StoreObjects, { key, media_type: mediaType = ANY }: BeginUpload) {
    assertKey(key);
    const uploadId = await refusing(row, store.beginUpload(bucketRef(row), key, mediaType));
    return {
      message: 'Send the parts, and complete the upload.',
      ...{ key, upload_id: uploadId, part_bytes: PART_BYTES, warnings: [] },
    };
  }

  async complete(row: Bucket, store: StoreObjects, { key, upload_id: uploadId, parts }: CompleteUpload) {
    assertKey(key);
    const named = parts.map(({ part_number: number, etag }) => ({ number, etag }));
    await refusing(row, store.completeUpload(bucketRef(row), { key, uploadId }, named));
  }

  async abort(row: Bucket, store: StoreObjects, { key, upload_id: uploadId }: AbortUpload) {
    assertKey(key);
    await refusing(row, store.abortUpload(bucketRef(row), { key, uploadId }));
  }

  /** Returns the keys that the store keeps. */
  remove(row: Bucket, store: StoreObjects, keys: readonly string[]): Promise<string[]> {
    for (const key of keys) assertLengths({ keys: key });
    return refusing(row, store.removeObjects(bucketRef(row), keys));
  }

  async noteUploaded(tx: Tx, row: Bucket, key: string): Promise<void> {
    await record(tx, bucketEvents.objectUploaded, subjectOf(row), { name: row.name, key });
  }

  async noteDeleted(tx: Tx, row: Bucket, count: number): Promise<void> {
    if (count > 0) await record(tx, bucketEvents.objectsDeleted, subjectOf(row), { name: row.name, count });
  }
}

const subjectOf = ({ id, team_id }: Bucket) => ({
  teamId: team_id,
  resourceType: RESOURCE_TYPE,
  resourceId: id,
});

/** Throws `validation_failed` for a key that no request can name. */
export function assertKey(key: string): void {
  assertLengths({ key });
  if (isPathSafe(key)) return;
  throw invalid({
    key: ['The key field must not have a segment . or .. between slashes. Use an S3 client for such names.'],
  });
}

function assertLengths(texts: Readonly<Record<string, string>>): void {
  for (const [field, text] of Object.entries(texts)) {
    if (Buffer.byteLength(text) <= MAX_KEY_BYTES) continue;
    throw invalid({ [field]: [`The ${field} field must not be longer than ${MAX_KEY_BYTES} bytes.`] });
  }
}

/** What the store refuses is no fault of Danube’s. */
async function refusing<T>({ status }: Bucket, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof DataPlaneError)) throw error;
    if (error.code === 'not_found') throw notFound('Object');
    if (error.code !== 'invalid') throw error;
    throw new AppError('invalid_state', error.publicMessage, {
      cause: error,
      extra: { error: 'invalid_state', status },
    });
  }
}
