import type { Progress } from '../lib/progress.ts';
import type { StoreObjects } from './objects.ts';

/**
 * Danube's only access to object storage. `rgw/` (a Ceph RADOS Gateway) and `sim/` implement it, and both pass the
 * contract tests in `server/test/contract/object-store.ts`.
 *
 * Every verb is idempotent: calling it twice, or again after the process was killed during the first call, has the same
 * effect as calling it once. A verb that cannot succeed throws `DataPlaneError`; `unreachable` where the store does not
 * answer, or has not been made yet.
 */
export interface ObjectStore extends StoreTeams, StoreKeys, StoreBuckets, StoreObjects, StoreStatistics {
  readonly name: 'rgw' | 'sim';
  /** How customers reach it. Known before the store is made. */
  readonly access: StoreAccess;
  /**
   * Makes the store at its first use, or waits until it is up. Returns when S3 answers. Workflows call it first, with
   * the progress of their operation. Every other verb assumes that it has succeeded once.
   */
  ensureReady(progress: Progress): Promise<void>;
  /** Whether the store was made, even if it does not answer at the moment. */
  isMade(): Promise<boolean>;
  close(): Promise<void>;
}

export interface StoreAccess {
  /** For example `https://203.0.113.7:9000`, without a slash at its end. Null: nobody outside can reach it. */
  url: string | null;
  region: string;
  /** Domain of virtual-hosted addresses, as in `https://BUCKET.DOMAIN`; null: path style only. */
  domain: string | null;
  /** Whether there is a service for keys of `sse-kms`. */
  kms: boolean;
}

/** What a team has in the store: the owner of its buckets. */
export interface StoreTeam {
  teamId: number;
  /** Every bucket that the API makes for the team has a name that begins with it, such as `t7-`. */
  bucketPrefix: string;
  /** How many buckets the team may have, including those that it makes by S3. */
  maxBuckets: number;
  /** Of all its buckets together. Full: S3's `QuotaExceeded`. Null: no limit. */
  maxBytes: number | null;
}

export interface StoreTeams {
  /** Creates the team's owner, or gives it these limits. */
  ensureTeam(team: StoreTeam): Promise<void>;
  describeTeam(teamId: number): Promise<StoreTeam | null>;
  /** Removes the owner with its keys. Throws `invalid` while it has buckets. Succeeds where it does not exist. */
  removeTeam(teamId: number): Promise<void>;
}

/** Identifies an access key. The id of S3's signatures, `accessKeyId`, is chosen by the caller, and unique. */
export interface KeyRef {
  teamId: number;
  accessKeyId: string;
}

/** What a key may do in a bucket: get and list; put and delete as well; or everything, such as change its policy. */
export type AccessLevel = 'read' | 'readwrite' | 'full';

export interface BucketGrant {
  /** S3 name of the bucket, which belongs to the team of the key. It may be made later. */
  bucket: string;
  level: AccessLevel;
  /** Only objects whose keys begin with it, and only listings of them; null: all. Not with the level `full`. */
  prefix: string | null;
}

export interface StoreKey {
  ref: KeyRef;
  /** `team`: all that the team has in the store, including what it will have later. An empty list: nothing. */
  scope: 'team' | readonly BucketGrant[];
  /** From this moment the store itself refuses the key. */
  expiresAt: Date | null;
}

export interface StoreKeys {
  /**
   * Makes the key with this secret, or gives an existing one this scope and end. The team must exist. It takes effect
   * before this returns.
   */
  ensureKey(key: StoreKey, secretAccessKey: string): Promise<void>;
  /** Revokes the key: the store refuses it before this returns. Succeeds where it does not exist. */
  removeKey(ref: KeyRef): Promise<void>;
  describeKey(ref: KeyRef): Promise<StoreKey | null>;
  /** All keys of this install’s teams. */
  listKeys(): Promise<KeyRef[]>;
}

/** Identifies a bucket. `name` is the one of S3. */
export interface BucketRef {
  teamId: number;
  name: string;
}

export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface Retention {
  mode: RetentionMode;
  /** Either days or years, as S3 has it. */
  unit: 'days' | 'years';
  period: number;
}

export type Encryption = { type: 'none' | 'sse-s3' } | { type: 'sse-kms'; keyId: string };

/** As in S3’s `CORSConfiguration`. */
export interface CorsRule {
  ID?: string;
  AllowedOrigins: readonly string[];
  AllowedMethods: readonly string[];
  AllowedHeaders?: readonly string[];
  ExposeHeaders?: readonly string[];
  MaxAgeSeconds?: number;
}

/** As in S3’s `LifecycleConfiguration`. */
export interface LifecycleRule {
  ID?: string;
  Status: 'Enabled' | 'Disabled';
  Filter?: { Prefix?: string };
  Expiration?: { Days?: number; Date?: string; ExpiredObjectDeleteMarker?: boolean };
  NoncurrentVersionExpiration?: { NoncurrentDays: number };
  AbortIncompleteMultipartUpload?: { DaysAfterInitiation: number };
}

/**
 * What can be set of a bucket. A member that is missing is left as it is, because the customer may have set it by S3.
 */
export interface BucketSettings {
  versioning?: 'enabled' | 'suspended';
  /**
   * Anonymous read of objects, without listing. It is a statement of the bucket’s policy, as is the access of the owner
   * to what others write; the customer’s own statements are kept.
   */
  publicRead?: boolean;
  encryption?: Encryption;
  /** Default retention of new objects; only for a bucket with object lock. Null: none. */
  retention?: Retention | null;
  /** Null: no limit but the team’s. */
  maxBytes?: number | null;
  /** Null or empty: none. */
  cors?: readonly CorsRule[] | null;
  lifecycle?: readonly LifecycleRule[] | null;
  tags?: Readonly<Record<string, string>>;
}

export interface BucketReport {
  ref: BucketRef;
  objectLock: boolean;
  versioning: 'off' | 'enabled' | 'suspended';
  publicRead: boolean;
  encryption: Encryption;
  retention: Retention | null;
  maxBytes: number | null;
  cors: readonly CorsRule[];
  lifecycle: readonly LifecycleRule[];
  tags: Readonly<Record<string, string>>;
  /** The customer’s own statements of the bucket’s policy, as he wrote them. */
  customStatements: readonly unknown[];
}

export interface StoreBuckets {
  /**
   * Creates the bucket, which belongs to the team, or gives an existing one these settings. The team must exist.
   * `objectLock` counts for a new bucket only, which then has versions. Throws `invalid` where the name belongs to
   * another owner, and for a default retention without object lock.
   */
  ensureBucket(ref: BucketRef, objectLock: boolean, settings: BucketSettings): Promise<void>;
  describeBucket(ref: BucketRef): Promise<BucketReport | null>;
  /**
   * Deletes all objects, versions and incomplete uploads, and reports how far it is. Throws `invalid` where some are
   * retained or held by object lock; it may have deleted the others. Succeeds where the bucket does not exist.
   */
  emptyBucket(ref: BucketRef, progress: Progress): Promise<void>;
  /**
   * Deletes the bucket. Throws `invalid` where it holds objects or versions; incomplete uploads go with it. Succeeds where
   * it does not exist.
   */
  removeBucket(ref: BucketRef): Promise<void>;
}

/** How much a bucket holds, with all versions. */
export interface BucketSize {
  sizeBytes: number;
  objectCount: number;
}

export interface BucketStatistics extends BucketSize {
  /** `teamId` is null for a bucket whose owner is none of this install’s teams. */
  ref: { teamId: number | null; name: string };
  /** Another one after each change of what {@link StoreBuckets.describeBucket} reports; null: the store does not tell. */
  version: string | null;
}

/** Requests to a bucket in one hour, as the usage log adds them up. */
export interface HourlyUsage {
  bucket: string;
  /** Its beginning. */
  hour: Date;
  method: S3Method;
  requests: number;
  successful: number;
  /** To and from clients. */
  egressBytes: number;
  ingressBytes: number;
}

/** OTHER are those that no statistics tell apart, such as OPTIONS and POST. */
export type S3Method = 'GET' | 'PUT' | 'DELETE' | 'HEAD' | 'OTHER';

/** One request, as the operations log has it. */
export interface RequestRecord {
  /** When it began. */
  at: Date;
  /** Empty for one about no bucket, such as a list of all. */
  bucket: string;
  objectKey: string | null;
  /** Null for an anonymous one. */
  accessKeyId: string | null;
  method: S3Method;
  /** Of HTTP. */
  status: number;
  egressBytes: number;
  ingressBytes: number;
  milliseconds: number;
}

export interface RequestPage {
  requests: readonly RequestRecord[];
  /** Give it to the next call. It stays valid over restarts of everything. */
  position: string;
  /** Whether there were more than `limit`. */
  isPartial: boolean;
}

/** Incomplete multipart uploads. */
export interface UploadReport {
  count: number;
  sizeBytes: number;
}

export interface StoreStatistics {
  /** All buckets of the store with what they hold, in a number of calls that does not grow with the objects. */
  listBuckets(): Promise<BucketStatistics[]>;
  /** What one bucket holds, counted at this moment; null where it does not exist. */
  measureBucket(ref: BucketRef): Promise<BucketSize | null>;
  /** Null where there are more uploads than can be looked at, or no such bucket. */
  describeUploads(ref: BucketRef): Promise<UploadReport | null>;
  /**
   * The requests to buckets of this install after a position, from the oldest that is kept where that is null. At most
   * `limit`, in the order of their ends. Null: this store keeps no log of them; there is only {@link readUsage}.
   */
  readRequests(after: string | null, limit: number): Promise<RequestPage | null>;
  /** The hours since `since`, including the one in progress. */
  readUsage(since: Date): Promise<HourlyUsage[]>;
  /** The largest objects, without old versions; null where the bucket has more than 10,000 to compare. */
  listLargest(ref: BucketRef, count: number): Promise<{ objectKey: string; sizeBytes: number }[] | null>;
}
