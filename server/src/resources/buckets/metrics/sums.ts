import type { RequestRecord, S3Method } from '../../../object-store/contract.ts';
import { classOf, noDurations } from './latency.ts';

/** Requests to a bucket in one minute or hour. */
export interface Sum {
  bucketId: string;
  resolution: 'minute' | 'hour';
  /** Unix milliseconds of its beginning. */
  at: number;
  byMethod: Record<S3Method, number>;
  failed: number;
  clientErrors: number;
  serverErrors: number;
  egressBytes: number;
  ingressBytes: number;
  totalMs: number;
  durations: number[];
}

/** Requests for one object on one day. */
export interface ObjectSum {
  bucketId: string;
  /** `2026-01-15`. */
  day: string;
  objectKey: string;
  requests: number;
  egressBytes: number;
}

/** What a page of the log adds up to. */
export interface Sums {
  traffic: Sum[];
  objects: ObjectSum[];
  /** When each access key was last used. */
  lastUsed: Map<string, Date>;
}

const LENGTH_MS = { minute: 60_000, hour: 3_600_000 } as const;

/** Adds requests up. Those to buckets that have no id are left out: their rows are gone. */
export function addUp(requests: readonly RequestRecord[], ids: ReadonlyMap<string, string>): Sums {
  const traffic = new Map<string, Sum>();
  const objects = new Map<string, ObjectSum>();
  const lastUsed = new Map<string, Date>();
  for (const request of requests) {
    const { accessKeyId, at } = request;
    if (accessKeyId !== null && at > (lastUsed.get(accessKeyId) ?? 0)) lastUsed.set(accessKeyId, at);
    const bucketId = ids.get(request.bucket);
    if (bucketId === undefined) continue;
    for (const resolution of ['minute', 'hour'] as const) addTo(traffic, bucketId, resolution, request);
    if (request.objectKey !== null && request.status < 400) {
      addObject(objects, bucketId, request.objectKey, request);
    }
  }
  return { traffic: [...traffic.values()], objects: [...objects.values()], lastUsed };
}

function addTo(
  sums: Map<string, Sum>,
  bucketId: string,
  resolution: Sum['resolution'],
  { at, method, status, egressBytes, ingressBytes, milliseconds }: RequestRecord,
): void {
  const length = LENGTH_MS[resolution];
  const began = Math.floor(at.getTime() / length) * length;
  const key = `${bucketId} ${resolution} ${began}`;
  const sum = sums.get(key) ?? noSum(bucketId, resolution, began);
  sums.set(key, sum);
  sum.byMethod[method] += 1;
  sum.failed += status >= 400 ? 1 : 0;
  sum.clientErrors += status >= 400 && status < 500 ? 1 : 0;
  sum.serverErrors += status >= 500 ? 1 : 0;
  sum.egressBytes += egressBytes;
  sum.ingressBytes += ingressBytes;
  sum.totalMs += milliseconds;
  const durationClass = classOf(milliseconds);
  sum.durations[durationClass] = (sum.durations[durationClass] ?? 0) + 1;
}

const noSum = (bucketId: string, resolution: Sum['resolution'], at: number): Sum => ({
  bucketId,
  resolution,
  at,
  byMethod: { GET: 0, PUT: 0, DELETE: 0, HEAD: 0, OTHER: 0 },
  failed: 0,
  clientErrors: 0,
  serverErrors: 0,
  egressBytes: 0,
  ingressBytes: 0,
  totalMs: 0,
  durations: noDurations(),
});

function addObject(
  sums: Map<string, ObjectSum>,
  bucketId: string,
  objectKey: string,
  { at, egressBytes }: RequestRecord,
): void {
  const day = at.toISOString().slice(0, 10);
  const key = `${bucketId} ${day} ${objectKey}`;
  const sum = sums.get(key) ?? { bucketId, day, objectKey, requests: 0, egressBytes: 0 };
  sums.set(key, { ...sum, requests: sum.requests + 1, egressBytes: sum.egressBytes + egressBytes });
}
