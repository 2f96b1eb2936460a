import { Type } from 'typebox';
import { Failure, NOTHING, normal, warning } from '../../events/catalogue.ts';
import { requested } from '../../operations/events.ts';
import type { OperationError } from '../../operations/operation.ts';
import { humanBytes } from './figures.ts';
import { RESOURCE_TYPE } from './states.ts';

/** The error of a bucket that the store does not have any more. */
export const MISSING: OperationError = {
  code: 'bucket_missing',
  message:
    'The bucket is gone from the object store with what it held. Update it, which makes it anew and empty, or delete it.',
  retryable: false,
};

const Bucket = Type.Object({ name: Type.String() });

/** Events of buckets. */
export const bucketEvents = {
  requested: requested(RESOURCE_TYPE),
  created: normal('bucket.created', 'Created', Bucket, ({ name }) => `The bucket ${name} was created.`),
  updated: normal('bucket.updated', 'Updated', Bucket, ({ name }) => `The bucket ${name} was updated.`),
  deleted: normal('bucket.deleted', 'Deleted', Bucket, ({ name }) => `The bucket ${name} was deleted.`),
  failed: warning(
    'bucket.failed',
    'Failed',
    Type.Object({ operation: Type.String(), ...Failure.properties }),
    ({ error }) => error.message,
  ),
  changed: normal(
    'bucket.changed',
    'ChangedByS3',
    Type.Object({ settings: Type.Array(Type.String()) }),
    ({ settings }) => `Settings of the bucket were changed by S3: ${settings.join(', ')}.`,
  ),
  mended: warning(
    'bucket.mended',
    'Mended',
    Type.Object({ settings: Type.Array(Type.String()) }),
    ({ settings }) =>
      `The object store had other settings for the bucket, which are right again: ${settings.join(', ')}.`,
  ),
  nearlyFull: warning(
    'bucket.nearly_full',
    'NearlyFull',
    Type.Object({ name: Type.String(), size_bytes: Type.Number(), limit_bytes: Type.Number() }),
    ({ name, size_bytes, limit_bytes }) =>
      `The bucket ${name} holds ${humanBytes(size_bytes)} of the ${humanBytes(limit_bytes)} it may.`,
  ),
  objectUploaded: normal(
    'bucket.object_uploaded',
    'ObjectUploaded',
    Type.Object({ name: Type.String(), key: Type.String() }),
    ({ name, key }) => `The object ${key} was uploaded to the bucket ${name}.`,
  ),
  objectsDeleted: normal(
    'bucket.objects_deleted',
    'ObjectsDeleted',
    Type.Object({ name: Type.String(), count: Type.Integer() }),
    ({ name, count }) => `${count} object${count === 1 ? ' was' : 's were'} deleted from the bucket ${name}.`,
  ),
  missing: warning('bucket.missing', 'Missing', NOTHING, () => MISSING.message),
};
