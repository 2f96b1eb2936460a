import type { BucketSize, HourlyUsage, RequestRecord, StoreStatistics } from '../contract.ts';
import { reportOf } from './buckets.ts';
import type { StoreCore } from './core.ts';
import { hashOf, type SimBucket } from './world.ts';

const HOUR_MS = 3_600_000;
const MOST_COMPARED = 10_000;

/** What the simulated store knows of its use. */
export const simStatistics = (core: StoreCore): StoreStatistics => ({
  listBuckets: () =>
    core.verb('listBuckets', null, () =>
      Array.from(core.world.buckets.values(), (bucket) => ({
        ref: { ...bucket.ref, teamId: core.world.teams.has(bucket.ref.teamId) ? bucket.ref.teamId : null },
        version: hashOf(JSON.stringify(reportOf(bucket))),
        ...sizeOf(bucket),
      })),
    ),
  measureBucket: (ref) =>
    core.verb('measureBucket', ref, () => {
      const bucket = core.bucketOf(ref);
      return bucket ? sizeOf(bucket) : null;
    }),
  describeUploads: (ref) =>
    core.verb('describeUploads', ref, () => {
      const bucket = core.bucketOf(ref);
      return bucket ? { count: bucket.uploads.length, sizeBytes: sum(bucket.uploads) } : null;
    }),
  readRequests: (after, limit) =>
    core.verb('readRequests', after, () => {
      if (!core.keepsRequests) return null;
      const start = Number(after ?? 0);
      const requests = core.requests.slice(start, start + limit);
      const end = start + requests.length;
      return { requests, position: String(end), isPartial: end < core.requests.length };
    }),
  readUsage: (since) => core.verb('readUsage', since, () => addUp(core.requests, since)),
  listLargest: (ref, count) =>
    core.verb('listLargest', ref, () => {
      const newest = new Map(core.bucketOf(ref)?.objects.map((object) => [object.key, object.sizeBytes]));
      if (newest.size > MOST_COMPARED) return null;
      return Array.from(newest, ([objectKey, sizeBytes]) => ({ objectKey, sizeBytes }))
        .sort((a, b) => b.sizeBytes - a.sizeBytes)
        .slice(0, count);
    }),
});

const sum = (all: readonly { sizeBytes: number }[]): number =>
  all.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);

const sizeOf = ({ objects }: SimBucket): BucketSize => ({
  sizeBytes: sum(objects),
  objectCount: objects.length,
});

function addUp(requests: readonly RequestRecord[], since: Date): HourlyUsage[] {
  const rows = new Map<string, HourlyUsage>();
  const first = Math.floor(since.getTime() / HOUR_MS);
  for (const { at, bucket, method, status, egressBytes, ingressBytes } of requests) {
    const hour = Math.floor(at.getTime() / HOUR_MS);
    if (hour < first) continue;
    const key = `${hour} ${bucket} ${method}`;
    const row = rows.get(key) ?? {
      ...{ bucket, hour: new Date(hour * HOUR_MS), method },
      ...{ requests: 0, successful: 0, egressBytes: 0, ingressBytes: 0 },
    };
    rows.set(key, {
      ...row,
      requests: row.requests + 1,
      successful: row.successful + (status < 400 ? 1 : 0),
      egressBytes: row.egressBytes + egressBytes,
      ingressBytes: row.ingressBytes + ingressBytes,
    });
  }
  return [...rows.values()];
}
