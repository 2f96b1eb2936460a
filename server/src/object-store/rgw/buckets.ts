import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { BucketRef, BucketSettings, StoreBuckets } from '../contract.ts';
import { BucketConfiguration, beyondNew } from './bucket-settings.ts';
import { GatewayError, orNull, type S3Keys } from './client.ts';
import { ownerKeys, type RgwContext } from './context.ts';
import { abortUploads, Emptying, holdsObjects } from './emptying.ts';
import { ownerOf } from './names.ts';

/** A bucket as the admin API describes it, as far as Danube reads it. */
export interface GatewayBucket {
  bucket: string;
  owner: string;
  /** When its settings were last changed, its quota included. */
  mtime?: string;
  usage?: Record<string, { size_actual?: number; size: number; num_objects: number } | undefined>;
  bucket_quota?: { enabled: boolean; max_size: number };
}

/** Null also where the bucket belongs to another team. */
export async function findBucket(
  { client, installId }: RgwContext,
  { name, teamId }: BucketRef,
): Promise<GatewayBucket | null> {
  const query = { bucket: name, stats: true };
  const found = await (await client()).findAdmin<GatewayBucket>('bucket', query);
  return found?.owner === ownerOf(installId, teamId) ? found : null;
}

/** Implements `StoreBuckets`, as the owner of the buckets. */
export function rgwBuckets(context: RgwContext): StoreBuckets {
  return {
    async ensureBucket(ref, objectLock, settings) {
      const keys = await ownerOrRefuse(context, ref);
      const isNew = await create(context, keys, ref, objectLock);
      const changes = isNew ? beyondNew(settings) : settings;
      await new BucketConfiguration(await context.client(), keys, ref.name).apply(changes);
      await limit(context, ref, changes);
    },
    async describeBucket(ref) {
      const found = await findBucket(context, ref);
      const keys = found && (await ownerKeys(context, ref.teamId));
      if (!found || !keys) return null;
      const report = await new BucketConfiguration(await context.client(), keys, ref.name).report();
      const { enabled = false, max_size: bytes = -1 } = found.bucket_quota ?? {};
      return { ref, maxBytes: enabled && bytes >= 0 ? bytes : null, ...report };
    },
    async emptyBucket(ref, progress) {
      const found = await findBucket(context, ref);
      const keys = found && (await ownerKeys(context, ref.teamId));
      if (!keys) return;
      // It may forbid deleting, which looks like what object lock retains.
      const sent = { method: 'DELETE', path: `/${ref.name}`, query: { policy: '' } } as const;
      await orNull((await context.client()).s3(keys, sent));
      const total = found.usage?.['rgw.main']?.num_objects ?? 0;
      await new Emptying(await context.client(), keys, ref.name).run(total, progress);
    },
    async removeBucket(ref) {
      const keys = (await findBucket(context, ref)) && (await ownerKeys(context, ref.teamId));
      if (!keys) return;
      const client = await context.client();
      if (await holdsObjects(client, keys, ref.name)) throw notEmpty(ref);
      await abortUploads(client, keys, ref.name);
      try {
        await orNull(client.s3(keys, { method: 'DELETE', path: `/${ref.name}` }));
      } catch (error) {
        if (error instanceof GatewayError && error.code === 'BucketNotEmpty') throw notEmpty(ref);
        throw error;
      }
    },
  };
}

const notEmpty = ({ name }: BucketRef): DataPlaneError =>
  new DataPlaneError('invalid', 'The bucket holds objects.', { detail: name });

async function ownerOrRefuse(context: RgwContext, { teamId }: BucketRef): Promise<S3Keys> {
  const keys = await ownerKeys(context, teamId);
  if (!keys) throw new DataPlaneError('not_found', 'The team has nothing in the object storage.');
  return keys;
}

/** Creates the bucket. Whether there was none. */
async function create(
  context: RgwContext,
  keys: S3Keys,
  ref: BucketRef,
  objectLock: boolean,
): Promise<boolean> {
  if (await findBucket(context, ref)) return false;
  const headers = objectLock ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {};
  try {
    await (await context.client()).s3(keys, { method: 'PUT', path: `/${ref.name}`, headers });
    return true;
  } catch (error) {
    if (!(error instanceof GatewayError) || !REFUSED.has(error.code)) throw error;
    const message =
      error.code === 'TooManyBuckets'
        ? 'The team has as many buckets as it may have.'
        : 'A bucket of that name belongs to somebody else.';
    throw new DataPlaneError('invalid', message, { detail: error.message, cause: error });
  }
}

/** `AccessDenied`: the prefix is that of another team. */
const REFUSED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'BucketAlreadyExists',
  'TooManyBuckets',
  'InvalidBucketName',
]);

async function limit(
  { client, installId }: RgwContext,
  { name, teamId }: BucketRef,
  { maxBytes }: BucketSettings,
): Promise<void> {
  if (maxBytes === undefined) return;
  await (await client()).admin('PUT', 'bucket', {
    ...{ quota: '', uid: ownerOf(installId, teamId), bucket: name, 'max-objects': -1 },
    'max-size': maxBytes ?? -1,
    enabled: maxBytes !== null,
  });
}
