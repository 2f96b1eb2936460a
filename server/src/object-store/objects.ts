import type { Readable } from 'node:stream';
import type { BucketRef } from './contract.ts';

/** An object as listings have it; of several versions the newest. */
export interface StoredObject {
  key: string;
  sizeBytes: number;
  /** When it was written; null: not known. */
  modifiedAt: Date | null;
}

export interface ObjectPage {
  objects: readonly StoredObject[];
  /** What keys have up to the first `/` behind the prefix, with it. */
  folders: readonly string[];
  /** Give it to the next call; null: there are no more. */
  next: string | null;
}

/** Bytes on their way into the store. */
export interface Content {
  body: Readable;
  /** Exactly as many follow. With fewer, nothing is stored. */
  sizeBytes: number;
}

export interface OpenedObject {
  sizeBytes: number;
  body: Readable;
}

/** One upload of an object in parts, which is there once it is complete. */
export interface UploadRef {
  key: string;
  uploadId: string;
}

export interface UploadPart {
  number: number;
  /** As {@link StoreObjects.putPart} has given it. */
  etag: string;
}

/**
 * Objects, as the owner of the team's buckets reads and writes them for people. Where the bucket's own policy denies that to
 * the owner, it is denied. The verbs throw `invalid` for what the store refuses, with a sentence for customers; `not_found` where
 * there is no such bucket, object or upload; and `no_capacity` where the store is full.
 *
 * Keys with a segment `.` or `..` cannot be in the path of a request, so only {@link StoreObjects.removeObjects} takes them.
 */
export interface StoreObjects {
  /** Null: the bucket is not there. */
  listObjects(
    ref: BucketRef,
    wanted: { prefix: string; after: string | null; limit: number },
  ): Promise<ObjectPage | null>;
  /** Null: no such object. Whoever gets the body reads it to its end, or destroys it. */
  openObject(ref: BucketRef, key: string): Promise<OpenedObject | null>;
  /** Writes an object, in place of one that is there. Reads the body as fast as the store takes it. */
  putObject(ref: BucketRef, key: string, content: Content, mediaType: string): Promise<void>;
  /** Begins an upload in parts, of which all but the last have at least 5 MiB. Returns its id. */
  beginUpload(ref: BucketRef, key: string, mediaType: string): Promise<string>;
  /** Writes a part, in place of one with this number. Returns its ETag. */
  putPart(ref: BucketRef, upload: UploadRef, number: number, content: Content): Promise<string>;
  /** Makes the parts, in their order, the object. */
  completeUpload(ref: BucketRef, upload: UploadRef, parts: readonly UploadPart[]): Promise<void>;
  /** Gives up an upload with its parts. Succeeds where there is none. */
  abortUpload(ref: BucketRef, upload: UploadRef): Promise<void>;
  /** Deletes objects. Succeeds for those that are not there; returns those that the store keeps. */
  removeObjects(ref: BucketRef, keys: readonly string[]): Promise<string[]>;
}

/** Whether a key can be in the path of a request: clients and proxies take such segments out of it. */
export const isPathSafe = (key: string): boolean =>
  !key.split('/').some((segment) => segment === '.' || segment === '..');
