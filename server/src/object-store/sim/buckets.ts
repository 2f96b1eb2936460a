import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { BucketRef, BucketReport, BucketSettings, StoreBuckets } from '../contract.ts';
import type { StoreCore } from './core.ts';
import type { SimBucket } from './world.ts';

/** The simulated store's buckets. */
export const simBuckets = (core: StoreCore): StoreBuckets => ({
  ensureBucket: (ref, objectLock, settings) =>
    core.verb('ensureBucket', ref, () => {
      core.needTeam(ref.teamId);
      const other = core.world.buckets.get(ref.name);
      if (other && other.ref.teamId !== ref.teamId) {
        throw new DataPlaneError('invalid', 'This bucket name belongs to somebody else.', {
          detail: ref.name,
        });
      }
      const present = other ?? emptyBucketOf(ref, objectLock);
      if (settings.retention && !present.objectLock) {
        throw new DataPlaneError('invalid', 'A default retention needs a bucket with object lock.');
      }
      core.change({ op: 'bucket', bucket: withSettings(present, settings) });
    }),
  describeBucket: (ref) =>
    core.verb('describeBucket', ref, () => {
      const bucket = core.bucketOf(ref);
      return bucket ? reportOf(bucket) : null;
    }),
  emptyBucket: (ref, progress) =>
    core.verb('emptyBucket', ref, () => {
      const bucket = core.bucketOf(ref);
      if (!bucket) return;
      const now = Date.now();
      const kept = bucket.objects.filter(({ retainedUntil }) => (retainedUntil ?? 0) > now);
      core.change({ op: 'bucket', bucket: { ...bucket, objects: kept, uploads: [] } });
      progress('Deleting the objects', 100);
      if (kept.length > 0) throw new DataPlaneError('invalid', retained(kept.length));
    }),
  removeBucket: (ref) =>
    core.verb('removeBucket', ref, () => {
      const bucket = core.bucketOf(ref);
      if (!bucket) return;
      if (bucket.objects.length > 0) {
        throw new DataPlaneError('invalid', `The bucket still holds ${bucket.objects.length} objects.`);
      }
      core.change({ op: 'unbucket', name: ref.name });
    }),
});

const retained = (count: number): string =>
  `Object lock retains ${count} object${count === 1 ? '' : 's'} of the bucket: until then, nobody can delete it.`;

function emptyBucketOf(ref: BucketRef, objectLock: boolean): SimBucket {
  return {
    ref,
    objectLock,
    versioning: objectLock ? 'enabled' : 'off',
    publicRead: false,
    encryption: { type: 'none' },
    retention: null,
    maxBytes: null,
    cors: [],
    lifecycle: [],
    tags: {},
    customStatements: [],
    objects: [],
    uploads: [],
  };
}

function withSettings(
  bucket: SimBucket,
  { cors, lifecycle, versioning, ...plain }: BucketSettings,
): SimBucket {
  if (bucket.objectLock && versioning === 'suspended') {
    throw new DataPlaneError('invalid', 'A bucket with object lock keeps its versions.');
  }
  // A bucket that never had versions has nothing to suspend.
  const next = versioning === 'suspended' && bucket.versioning === 'off' ? 'off' : versioning;
  return {
    ...bucket,
    ...plain,
    ...(next === undefined ? {} : { versioning: next }),
    ...(cors === undefined ? {} : { cors: cors ?? [] }),
    ...(lifecycle === undefined ? {} : { lifecycle: lifecycle ?? [] }),
  };
}

export function reportOf({ objects: _objects, uploads: _uploads, ...report }: SimBucket): BucketReport {
  return report;
}
