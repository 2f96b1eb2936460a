import type { AccessLevel, S3Method } from '../contract.ts';
import type { StoreCore } from './core.ts';
import type { SimBucket, SimKey, SimObject } from './world.ts';
import { hashOf } from './world.ts';

/** Null: an anonymous client. */
export type Credentials = { accessKeyId: string; secretAccessKey: string } | null;

/** What a client asks for. Changes of policies stand for all that only the level `full` may do. */
export type Request =
  | { action: 'put'; key: string; sizeBytes: number }
  | { action: 'get' | 'delete'; key: string }
  | { action: 'list'; prefix: string }
  | { action: 'policy' };

/** `ok`, or S3's code of the error. */
export type Outcome =
  | 'ok'
  | 'AccessDenied'
  | 'InvalidAccessKeyId'
  | 'NoSuchBucket'
  | 'NoSuchKey'
  | 'QuotaExceeded';

const METHODS: Record<Request['action'], S3Method> = {
  put: 'PUT',
  get: 'GET',
  delete: 'DELETE',
  list: 'GET',
  policy: 'PUT',
};
const STATUSES: Record<Outcome, number> = {
  ok: 200,
  AccessDenied: 403,
  InvalidAccessKeyId: 403,
  QuotaExceeded: 403,
  NoSuchBucket: 404,
  NoSuchKey: 404,
};

/** Does what an S3 client would, and logs the request. */
export function request(core: StoreCore, credentials: Credentials, bucket: string, wanted: Request): Outcome {
  const outcome = carryOut(core, credentials, bucket, wanted);
  const object = core.world.buckets
    .get(bucket)
    ?.objects.findLast((one) => 'key' in wanted && one.key === wanted.key);
  core.requests.push({
    at: new Date(),
    bucket,
    objectKey: 'key' in wanted ? wanted.key : null,
    accessKeyId: credentials?.accessKeyId ?? null,
    method: METHODS[wanted.action],
    status: STATUSES[outcome],
    egressBytes: wanted.action === 'get' && outcome === 'ok' ? (object?.sizeBytes ?? 0) : 0,
    ingressBytes: wanted.action === 'put' ? wanted.sizeBytes : 0,
    milliseconds: 1,
  });
  return outcome;
}

function carryOut(core: StoreCore, credentials: Credentials, name: string, wanted: Request): Outcome {
  const key = credentials && core.world.keys.get(credentials.accessKeyId);
  if (credentials && key?.secretHash !== hashOf(credentials.secretAccessKey)) return 'InvalidAccessKeyId';
  const bucket = core.world.buckets.get(name);
  if (!bucket) return 'NoSuchBucket';
  if (!(key ? mayKey(key, bucket, wanted) : bucket.publicRead && wanted.action === 'get'))
    return 'AccessDenied';
  const found = 'key' in wanted && bucket.objects.some((object) => object.key === wanted.key);
  switch (wanted.action) {
    case 'put':
      return put(core, bucket, wanted);
    case 'get':
      return found ? 'ok' : 'NoSuchKey';
    case 'delete':
      return remove(core, bucket, wanted.key);
    default:
      return 'ok';
  }
}

const LEVELS: readonly AccessLevel[] = ['read', 'readwrite', 'full'];
const NEEDED: Record<Request['action'], AccessLevel> = {
  get: 'read',
  list: 'read',
  put: 'readwrite',
  delete: 'readwrite',
  policy: 'full',
};

function mayKey({ ref, scope, expiresAt }: SimKey, bucket: SimBucket, wanted: Request): boolean {
  if (expiresAt && expiresAt.getTime() <= Date.now()) return false;
  if (ref.teamId !== bucket.ref.teamId) return false;
  if (scope === 'team') return true;
  const at = 'key' in wanted ? wanted.key : 'prefix' in wanted ? wanted.prefix : '';
  return scope.some(
    (grant) =>
      grant.bucket === bucket.ref.name &&
      LEVELS.indexOf(grant.level) >= LEVELS.indexOf(NEEDED[wanted.action]) &&
      at.startsWith(grant.prefix ?? ''),
  );
}

/** Writes an object, as whoever may do so. */
export function put(
  core: StoreCore,
  bucket: SimBucket,
  { key, sizeBytes }: { key: string; sizeBytes: number },
): Outcome {
  const used = bytesOf(bucket);
  if (bucket.maxBytes !== null && used + sizeBytes > bucket.maxBytes) return 'QuotaExceeded';
  const team = core.world.teams.get(bucket.ref.teamId);
  const all = [...core.world.buckets.values()].filter(({ ref }) => ref.teamId === bucket.ref.teamId);
  const ofTeam = all.reduce((sum, one) => sum + bytesOf(one), 0);
  if (team && team.maxBytes !== null && ofTeam + sizeBytes > team.maxBytes) return 'QuotaExceeded';
  const kept =
    bucket.versioning === 'enabled' ? bucket.objects : bucket.objects.filter((one) => one.key !== key);
  const object: SimObject = {
    ...{ key, sizeBytes, retainedUntil: retainedUntil(bucket) },
    modifiedAt: new Date().toISOString(),
  };
  core.change({ op: 'bucket', bucket: { ...bucket, objects: [...kept, object] } });
  return 'ok';
}

const DAY_MS = 86_400_000;

function retainedUntil({ retention }: SimBucket): number | null {
  if (!retention) return null;
  return Date.now() + retention.period * (retention.unit === 'days' ? 1 : 365) * DAY_MS;
}

const bytesOf = ({ objects }: SimBucket): number =>
  objects.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);

/** Deletes the object with its versions, as a client does that names each of them. */
export function remove(core: StoreCore, bucket: SimBucket, key: string): Outcome {
  const [gone, kept] = [true, false].map((is) =>
    bucket.objects.filter((object) => (object.key === key) === is),
  );
  if (gone!.some(({ retainedUntil: until }) => (until ?? 0) > Date.now())) return 'AccessDenied';
  core.change({ op: 'bucket', bucket: { ...bucket, objects: kept! } });
  return 'ok';
}
