import { type Static, Type } from 'typebox';
import {
  Component,
  Int,
  LineText,
  List,
  Message,
  Nullable,
  Obj,
  PRINTABLE,
  Text,
  Timestamp,
} from '../../../http/schema.ts';
import { PATTERN_MESSAGE } from '../../../http/validation.ts';
import { Warnings } from '../../../http/warnings.ts';
import { Bytes } from '../schema.ts';

/** Most bytes of one request, and how many a part of an upload has best. A slow line sends that many in its minute. */
export const MAX_BYTES = 16 * 1024 ** 2;
export const PART_BYTES = 8 * 1024 ** 2;
/** What S3 allows. */
export const MAX_PARTS = 10_000;
export const MAX_KEY_BYTES = 1024;
/** Keys in one request. */
const MAX_KEYS = 50;

const Key = LineText(MAX_KEY_BYTES, 'summer/beach.jpg', {
  minLength: 1,
  // At least one character, and no other than those of a line.
  pattern: `^${PRINTABLE.replace(/\*$/, '+')}$`,
});
const UploadId = Type.String({
  maxLength: 200,
  pattern: '^[A-Za-z0-9._~-]{1,200}$',
  [PATTERN_MESSAGE]: 'must be the id of an upload',
  example: '2~Zm9vYmFy-1',
});
const ETag = LineText(100, '"5d41402abc4b2a76b9719d911017c592"');
const MediaType = Type.String({
  maxLength: 127,
  pattern: '^[A-Za-z0-9][A-Za-z0-9.+-]{0,62}/[A-Za-z0-9][A-Za-z0-9.+-]{0,62}$',
  [PATTERN_MESSAGE]: 'must be a media type, for example image/jpeg',
  example: 'image/jpeg',
});

export const ObjectsQuery = Obj({
  prefix: Type.Optional(
    LineText(MAX_KEY_BYTES, 'summer/', {
      description: 'Only keys that begin with it: a folder, with the slash at its end.',
    }),
  ),
  after: Type.Optional(
    Type.String({
      maxLength: 2048,
      pattern: '^[A-Za-z0-9_-]{1,2048}$',
      [PATTERN_MESSAGE]: 'must be the next_cursor of a list',
      example: 'c3VtbWVyL2JlYWNoLmpwZw',
      description: 'The `next_cursor` of the page before.',
    }),
  ),
  per_page: Type.Integer({
    format: 'int32',
    minimum: 1,
    maximum: 1000,
    default: 100,
    example: 100,
    description: 'Objects and folders on a page.',
  }),
});
export type ObjectsQuery = Static<typeof ObjectsQuery>;

export const ObjectList = Component('BucketObjectList', {
  data: List(
    Component('BucketObject', {
      key: Text(MAX_KEY_BYTES, 'summer/beach.jpg'),
      size_bytes: Bytes(482_113),
      modified_at: Nullable(Timestamp('When it was written.')),
    }),
  ),
  folders: List(Text(MAX_KEY_BYTES, 'summer/2025/'), {
    description: 'What keys have in common up to their next slash.',
  }),
  next_cursor: Nullable(
    Text(2048, 'c3VtbWVyL2JlYWNoLmpwZw', {
      description: 'Send it as `after` for what follows. Null: there is no more.',
    }),
  ),
});

export const ObjectQuery = Obj({ key: Key });

export const PutQuery = Obj({
  key: Key,
  media_type: Type.Optional(MediaType),
  upload_id: Type.Optional(UploadId),
  part_number: Type.Optional(
    Type.Integer({
      ...{ format: 'int32', minimum: 1, maximum: MAX_PARTS, example: 1 },
      description: 'Which part of the upload it is; together with `upload_id`.',
    }),
  ),
});
export type PutQuery = Static<typeof PutQuery>;

export const ObjectWritten = Component('BucketObjectWritten', {
  message: Message('The object was written.'),
  key: Key,
  size_bytes: Bytes(482_113),
  etag: Nullable(
    Text(100, '"5d41402abc4b2a76b9719d911017c592"', { description: 'Of a part; null for an object.' }),
  ),
});

export const BeginUpload = Component('BeginBucketUpload', { key: Key, media_type: Type.Optional(MediaType) });
export type BeginUpload = Static<typeof BeginUpload>;

export const UploadBegun = Component('BucketUploadBegun', {
  message: Message('Send the parts, and complete the upload.'),
  key: Key,
  upload_id: UploadId,
  part_bytes: Int(PART_BYTES, { description: 'How many bytes each part but the last has best.' }),
  warnings: Warnings,
});

export const CompleteUpload = Component('CompleteBucketUpload', {
  key: Key,
  upload_id: UploadId,
  parts: List(
    Component('BucketUploadPart', {
      part_number: Int(1, { minimum: 1, maximum: MAX_PARTS }),
      etag: ETag,
    }),
    { minItems: 1, maxItems: MAX_PARTS },
  ),
});
export type CompleteUpload = Static<typeof CompleteUpload>;

export const AbortUpload = Component('AbortBucketUpload', { key: Key, upload_id: UploadId });
export type AbortUpload = Static<typeof AbortUpload>;

export const UploadEnded = Component('BucketUploadEnded', {
  message: Message('The object was written.'),
  key: Key,
});

export const DeleteObjects = Component('DeleteBucketObjects', {
  keys: List(Key, { minItems: 1, maxItems: MAX_KEYS }),
});
export type DeleteObjects = Static<typeof DeleteObjects>;

export const ObjectsDeleted = Component('BucketObjectsDeleted', {
  message: Message('1 object was deleted.'),
  deleted: Int(1),
  kept: List(Text(MAX_KEY_BYTES, 'invoices/2025.pdf'), {
    maxItems: MAX_KEYS,
    description: 'Those that the store keeps, because of a lock or the bucket’s policy.',
  }),
});
