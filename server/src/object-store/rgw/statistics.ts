import type { BucketSize, HourlyUsage, S3Method, StoreStatistics } from '../contract.ts';
import { isPathSafe } from '../objects.ts';
import { findBucket, type GatewayBucket } from './buckets.ts';
import { ownerKeys, type RgwContext } from './context.ts';
import { countFirst, listUploads, objectPath } from './emptying.ts';
import { parseUser } from './names.ts';
import { all, parseXml, textOf } from './xml.ts';

/** Uploads whose parts are added up, and objects that are compared. */
const MOST_UPLOADS = 100;
const MOST_OBJECTS = 10_000;
const HOUR_MS = 3_600_000;

/** Nothing is said of a bucket that was never written to. */
const sizeOf = ({ usage }: GatewayBucket): BucketSize => ({
  sizeBytes: usage?.['rgw.main']?.size ?? 0,
  objectCount: usage?.['rgw.main']?.num_objects ?? 0,
});

/** Implements `StoreStatistics`, from what the gateway itself adds up, and from its log of requests where that can be read. */
export function rgwStatistics(context: RgwContext): StoreStatistics {
  return {
    async listBuckets() {
      const found = await (await context.client()).admin<GatewayBucket[]>('GET', 'bucket', { stats: true });
      return found.map((bucket) => ({
        ref: { teamId: parseUser(context.installId, bucket.owner)?.teamId ?? null, name: bucket.bucket },
        version: bucket.mtime ?? null,
        ...sizeOf(bucket),
      }));
    },
    async measureBucket(ref) {
      const found = await findBucket(context, ref);
      if (!found || sizeOf(found).objectCount > 0) return found && sizeOf(found);
      // The gateway adds up after it has acknowledged: what it holds already may not be counted yet.
      const keys = await ownerKeys(context, ref.teamId);
      return keys && countFirst(await context.client(), keys, ref.name);
    },
    async describeUploads(ref) {
      const keys = (await findBucket(context, ref)) && (await ownerKeys(context, ref.teamId));
      if (!keys) return null;
      const client = await context.client();
      const { uploads, isPartial } = await listUploads(client, keys, ref.name);
      if (isPartial || uploads.length > MOST_UPLOADS || !uploads.every(({ key }) => isPathSafe(key)))
        return null;
      let sizeBytes = 0;
      for (const { key, uploadId } of uploads) {
        const sent = { method: 'GET', path: objectPath(ref.name, key), query: { uploadId } } as const;
        const parts = all(parseXml(await client.s3(keys, sent)), 'Part');
        for (const part of parts) sizeBytes += Number(textOf(part, 'Size') ?? 0);
      }
      return { count: uploads.length, sizeBytes };
    },
    readRequests: async (after, limit) => context.readRequests?.(after, limit) ?? null,
    readUsage: (since) => readUsage(context, since),
    async listLargest(ref, count) {
      const keys = (await findBucket(context, ref)) && (await ownerKeys(context, ref.teamId));
      if (!keys) return null;
      const objects: { objectKey: string; sizeBytes: number }[] = [];
      let token: string | undefined;
      for (;;) {
        const query = { 'list-type': 2, 'max-keys': 1000, 'continuation-token': token };
        const text = await (await context.client()).s3(keys, { method: 'GET', path: `/${ref.name}`, query });
        const page = parseXml(text);
        for (const node of all(page, 'Contents')) {
          objects.push({
            objectKey: textOf(node, 'Key') ?? '',
            sizeBytes: Number(textOf(node, 'Size') ?? 0),
          });
        }
        if (objects.length > MOST_OBJECTS) return null;
        token = textOf(page, 'NextContinuationToken');
        if (token === undefined) break;
      }
      return objects.sort((a, b) => b.sizeBytes - a.sizeBytes).slice(0, count);
    },
  };
}

interface UsageLog {
  entries: {
    buckets: {
      bucket: string;
      epoch: number;
      owner: string;
      categories: {
        category: string;
        bytes_sent: number;
        bytes_received: number;
        ops: number;
        successful_ops: number;
      }[];
    }[];
  }[];
}

/** The gateway names operations, such as `get_obj`, and adds them up by the hour. */
async function readUsage(context: RgwContext, since: Date): Promise<HourlyUsage[]> {
  const begin = new Date(Math.floor(since.getTime() / HOUR_MS) * HOUR_MS);
  const start = begin.toISOString().slice(0, 19).replace('T', ' ');
  const query = { start, 'show-entries': true, 'show-summary': false };
  const { entries } = await (await context.client()).admin<UsageLog>('GET', 'usage', query);
  const sums = new Map<string, HourlyUsage>();
  for (const { bucket, epoch, categories } of entries.flatMap(({ buckets }) => buckets)) {
    if (bucket === '' || bucket === '-') continue;
    for (const { category, ops, successful_ops, bytes_sent, bytes_received } of categories) {
      const method = methodOf(category);
      const name = `${bucket} ${epoch} ${method}`;
      const sum = sums.get(name) ?? { ...NOTHING, bucket, hour: new Date(epoch * 1000), method };
      sums.set(name, {
        ...sum,
        requests: sum.requests + ops,
        successful: sum.successful + successful_ops,
        egressBytes: sum.egressBytes + bytes_sent,
        ingressBytes: sum.ingressBytes + bytes_received,
      });
    }
  }
  return [...sums.values()];
}

const NOTHING = { requests: 0, successful: 0, egressBytes: 0, ingressBytes: 0 };

function methodOf(category: string): S3Method {
  if (/^(stat|head)_/.test(category)) return 'HEAD';
  if (/^(get|list)_/.test(category)) return 'GET';
  if (/^(delete|abort)_/.test(category)) return 'DELETE';
  return /^(put|create|set|copy)_/.test(category) ? 'PUT' : 'OTHER';
}
