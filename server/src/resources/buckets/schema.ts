import { type Static, Type } from 'typebox';
import { Fixed } from '../../http/fixed.ts';
import { ListQuery } from '../../http/listing.ts';
import {
  Component,
  Enum,
  Id,
  Int,
  LineText,
  List,
  Message,
  NameText,
  Nullable,
  NumberId,
  Obj,
  PathId,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';
import { Warnings } from '../../http/warnings.ts';
import { Capabilities, Decimal, Flag, StatusDetails, StatusLabel } from '../../instances/schema.ts';
import { ActionAnswer, OperationId } from '../../operations/schema.ts';
import { CorsInput, CorsRules, LifecycleInput, LifecycleRules, MAX_DAYS, Tags } from './settings-schema.ts';
import { BUCKET_STATUSES } from './states.ts';

export const Bytes = (example: number, description?: string) =>
  Type.Integer({
    format: 'int64',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    example,
    ...(description === undefined ? {} : { description }),
  });
export const Human = (example: string) => Text(40, example);

const RetentionMode = Enum(['GOVERNANCE', 'COMPLIANCE'], {
  description:
    'How new objects are locked by default. `COMPLIANCE`: nobody can delete them before their time. `GOVERNANCE`: only a ' +
    'key with the permission to bypass it can.',
});
const ENCRYPTION = ['none', 'sse-s3', 'sse-kms'] as const;

/** An object with any members. */
const Anything = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  maxProperties: 100,
  example: { Sid: 'Partners', Effect: 'Allow' },
});

/** Requests by method. */
export const ByMethod = Component('BucketRequestsByMethod', {
  GET: Bytes(9120),
  PUT: Bytes(310),
  DELETE: Bytes(12),
  HEAD: Bytes(401),
});

export const Bucket = Component('Bucket', {
  id: Id(),
  name: Text(63, 'photos'),
  display_name: Nullable(Text(255, 'Photos of the shop')),
  status: Enum(BUCKET_STATUSES, { example: 'active' }),
  status_label: StatusLabel,
  status_details: StatusDetails,
  capabilities: Capabilities,
  region: Text(40, 'fsn1'),
  provider: Enum(['ceph']),
  provider_label: Enum(['Ceph RGW']),
  endpoint_url: Nullable(
    Text(300, 'https://203.0.113.7:9000', {
      description: 'Where S3 clients connect to. Null: nowhere from outside.',
    }),
  ),
  endpoint: Nullable(Text(300, 'https://203.0.113.7:9000')),
  public_url: Nullable(
    Text(400, 'https://203.0.113.7:9000/t1-photos', {
      description: 'Where anybody can read its objects. Null without public access.',
    }),
  ),
  public_access: Flag('Whether anybody can read its objects. Nobody can list them without a key.'),
  versioning_enabled: Flag('Whether old versions of objects are kept.'),
  object_lock_enabled: Flag('Whether objects can be locked. It cannot be changed later.'),
  object_lock_default_retention_mode: Nullable(RetentionMode),
  object_lock_default_retention_days: Nullable(Int(30)),
  object_lock_default_retention_human: Nullable(Human('30 days')),
  has_object_lock: Flag('The same as `object_lock_enabled`.'),
  has_default_retention: Flag('Whether new objects are locked by default.'),
  is_compliance_mode: Flag('Whether the default is `COMPLIANCE`.'),
  encryption_enabled: Flag('Whether new objects are encrypted by the store.'),
  encryption_type: Nullable(Enum(ENCRYPTION, { example: 'sse-s3' })),
  encryption_kms_key_id: Nullable(
    Text(300, 'invoices', { description: 'Null for other types than `sse-kms`.' }),
  ),
  size_bytes: Bytes(1_503_238_553, 'What it held when it was last measured, with all versions.'),
  size_human: Human('1.4 GB'),
  size_limit_bytes: Nullable(
    Bytes(10_737_418_240, 'Writes beyond it are refused. Null: only the team’s limit counts.'),
  ),
  size_limit_human: Nullable(Human('10 GB')),
  quota_usage_percent: Nullable(Decimal(14)),
  is_near_quota_limit: Flag('Whether 80 % of its limit are used.'),
  has_exceeded_quota: Flag('Whether its limit is reached.'),
  object_count: Bytes(1280),
  lifecycle_rules: Nullable(LifecycleRules),
  cors_configuration: Nullable(CorsRules),
  custom_policy_statements: Nullable(
    List(Anything, { maxItems: 1000, description: 'What was set by S3 in the bucket’s policy. It is kept.' }),
  ),
  bucket_arn: Text(200, 'arn:aws:s3:::t1-photos'),
  tags: Nullable(Tags),
  monthly_cost_cents: Int(2, { description: 'For what it holds now, in cents of EUR.' }),
  monthly_cost_dollars: Decimal(0.02),
  requests_24h_total: Nullable(Bytes(9843, 'Null where the store does not tell.')),
  requests_24h_by_method: Nullable(ByMethod),
  egress_bytes_24h: Nullable(Bytes(734_003_200)),
  metrics_precomputed_at: Nullable(Timestamp('When requests were last counted.')),
  last_metrics_sync_at: Nullable(Timestamp('When it was last measured.')),
  created_at: Timestamp(),
  updated_at: Timestamp(),
  team_id: NumberId(1),
  user_id: Nullable(NumberId(1, 'Null if that account is gone.')),
  minio_bucket_name: Text(63, 't1-photos', {
    description: 'Its name in S3: the team’s prefix and the name.',
  }),
  can_be_modified: Flag('Whether it can be updated now.'),
  can_be_destroyed: Flag('Whether it can be deleted now.'),
});

export const BucketQuery = ListQuery('buckets', 'uuid', BUCKET_STATUSES);
export type BucketQuery = Static<typeof BucketQuery>;

const Name = Type.String({
  minLength: 3,
  maxLength: 63,
  pattern: '^[a-z0-9]+((\\.|-+)[a-z0-9]+)*$',
  [PATTERN_MESSAGE]:
    'must be 3 to 63 lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit',
  example: 'photos',
});

/** What can be set when a bucket is created, and later. */
const settings = {
  display_name: Type.Optional(Nullable(NameText(255, 'Photos of the shop'))),
  versioning_enabled: Type.Optional(Flag('Whether old versions of objects are kept.')),
  public_access: Type.Optional(Flag('Whether anybody can read its objects, without listing them.')),
  encryption_enabled: Type.Optional(Flag('Whether the store encrypts new objects. True for new buckets.')),
  encryption_type: Type.Optional(Enum(ENCRYPTION, { example: 'sse-s3' })),
  encryption_kms_key_id: Type.Optional(
    Nullable(LineText(300, 'invoices', { description: 'For `sse-kms`.' })),
  ),
  object_lock_default_retention_mode: Type.Optional(Nullable(RetentionMode)),
  object_lock_default_retention_days: Type.Optional(
    Nullable(Int(30, { minimum: 1, maximum: MAX_DAYS, description: 'Null removes the default retention.' })),
  ),
  size_limit_bytes: Type.Optional(
    Nullable(
      Type.Integer({
        format: 'int64',
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        example: 10_737_418_240,
        description: 'Writes beyond it are refused. Null: only the team’s limit counts.',
      }),
    ),
  ),
  cors_configuration: Type.Optional(CorsInput),
  lifecycle_rules: Type.Optional(Nullable(LifecycleInput)),
  tags: Type.Optional(Nullable(Tags)),
};

export const CreateBucket = Component(
  'CreateBucket',
  {
    name: Name,
    region: Type.Optional(LineText(40, 'fsn1', { description: 'That of the install by default.' })),
    object_lock_enabled: Type.Optional(Flag('Whether objects can be locked. It turns versioning on.')),
    ...settings,
  },
  { example: { name: 'photos', region: 'fsn1', versioning_enabled: true } },
);
export type CreateBucket = Static<typeof CreateBucket>;

export const UpdateBucket = Component(
  'UpdateBucket',
  {
    ...settings,
    name: Fixed(Name),
    region: Fixed(LineText(40, 'fsn1')),
    object_lock_enabled: Fixed(Flag('Whether objects can be locked.')),
  },
  { minProperties: 1, example: { versioning_enabled: true } },
);
export type UpdateBucket = Static<typeof UpdateBucket>;
/** What both requests may set. */
export type BucketInput = Omit<CreateBucket, 'name' | 'region' | 'object_lock_enabled'>;

export const BucketParams = Obj({ bucket: PathId('uuid', 'Id of the bucket.') });

export const DeleteQuery = Obj({
  force: Type.Optional(
    Enum(['false', 'true', '0', '1'], {
      description: 'Whether its objects are deleted with it, however many they are.',
    }),
  ),
});

export const BucketWritten = (name: string) =>
  Component(name, {
    message: Message('The bucket is being created.'),
    bucket: Bucket,
    warnings: Warnings,
    operation_id: Nullable(OperationId),
  });
export const BucketAnswer = Component('BucketResponse', {
  bucket: Bucket,
  endpoint: Nullable(Text(300, 'https://203.0.113.7:9000')),
});
export const BucketDeleted = ActionAnswer(
  'Bucket',
  BUCKET_STATUSES,
  'destroying',
  'The bucket is being deleted.',
);
