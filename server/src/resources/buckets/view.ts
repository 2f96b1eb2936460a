import type { Static } from 'typebox';
import type { StatusDetails } from '../../instances/schema.ts';
import { statusLabel } from '../../instances/status.ts';
import type { StoreAccess } from '../../object-store/contract.ts';
import type { OperationError } from '../../operations/operation.ts';
import { retentionDays, settingsOf } from './columns.ts';
import { costCents, humanBytes, humanPeriod, NEAR_PERCENT } from './figures.ts';
import type { Traffic } from './metrics/recent.ts';
import type { CorsRules, LifecycleRules } from './settings-schema.ts';
import type { BucketStatus } from './states.ts';
import { RESOURCE_TYPE } from './states.ts';
import type { Bucket } from './store.ts';
import { tagsToList } from './tags.ts';

/** A status counts as stale after this long without a comparison with the store, in milliseconds. */
const STALE_MS = 3 * 60_000;

/** What the view of every bucket needs besides its row. */
export interface Surroundings {
  access: StoreAccess;
  centsPerGb: number;
  /** When rows were last compared with the store. */
  comparedAt: Date | null;
  /** When requests were last counted. */
  countedAt: Date | null;
}

/** Where anybody can read the objects of a public bucket. */
export function urlOf({ url, domain }: StoreAccess, s3Name: string): string | null {
  if (url === null) return null;
  // A certificate for the domain is not one for names with further dots.
  if (domain === null || s3Name.includes('.')) return `${url}/${s3Name}`;
  const { protocol, port } = new URL(url);
  return `${protocol}//${s3Name}.${domain}${port === '' ? '' : `:${port}`}`;
}

/** A bucket as the API shows it. `recent`: its requests of the last 24 hours; null: not known. */
export function viewBucket(row: Bucket, recent: Traffic | null, surroundings: Surroundings) {
  const { access, centsPerGb, countedAt } = surroundings;
  const cost = costCents(row.size_bytes, centsPerGb);
  return {
    id: row.id,
    name: row.name,
    display_name: row.display_name,
    status: row.status as BucketStatus,
    status_label: statusLabel(row.status),
    status_details: statusDetails(row, surroundings.comparedAt),
    capabilities: { logs: false, events: false, diagnose: true, build_logs: false },
    region: row.region,
    provider: 'ceph' as const,
    provider_label: 'Ceph RGW' as const,
    endpoint_url: access.url,
    endpoint: access.url,
    public_url: row.public_access ? urlOf(access, row.s3_name) : null,
    public_access: row.public_access,
    ...viewSettings(row),
    ...viewSize(row),
    bucket_arn: `arn:aws:s3:::${row.s3_name}`,
    monthly_cost_cents: cost,
    monthly_cost_dollars: cost / 100,
    requests_24h_total: recent?.requests ?? null,
    requests_24h_by_method: recent?.byMethod ?? null,
    egress_bytes_24h: recent?.egressBytes ?? null,
    metrics_precomputed_at: countedAt?.toISOString() ?? null,
    last_metrics_sync_at: row.measured_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    team_id: row.team_id,
    user_id: row.user_id,
    minio_bucket_name: row.s3_name,
    can_be_modified: row.status !== 'destroying',
    can_be_destroyed: row.status !== 'destroying',
  };
}

function viewSettings(row: Bucket) {
  const { versioning, encryption, retention, cors, lifecycle, tags } = settingsOf(row);
  return {
    versioning_enabled: versioning === 'enabled',
    object_lock_enabled: row.object_lock,
    object_lock_default_retention_mode: retention?.mode ?? null,
    object_lock_default_retention_days: retention && retentionDays(retention),
    object_lock_default_retention_human: retention && humanPeriod(retention.period, retention.unit),
    has_object_lock: row.object_lock,
    has_default_retention: retention !== null,
    is_compliance_mode: retention?.mode === 'COMPLIANCE',
    encryption_enabled: encryption.type !== 'none',
    encryption_type: encryption.type,
    encryption_kms_key_id: encryption.type === 'sse-kms' ? encryption.keyId : null,
    // The schemas' types have all members optional, as requests have them.
    lifecycle_rules: lifecycle.length > 0 ? (lifecycle as unknown as LifecycleRules) : null,
    cors_configuration: cors.length > 0 ? (cors as unknown as CorsRules) : null,
    custom_policy_statements:
      (row.custom_statements as unknown[]).length > 0
        ? (row.custom_statements as Record<string, unknown>[])
        : null,
    tags: Object.keys(tags).length > 0 ? tagsToList(tags) : null,
  };
}

function viewSize({ size_bytes, size_limit_bytes: limit, object_count }: Bucket) {
  const percent = limit === null ? null : Math.round((size_bytes / limit) * 1000) / 10;
  return {
    size_bytes,
    size_human: humanBytes(size_bytes),
    size_limit_bytes: limit,
    size_limit_human: limit === null ? null : humanBytes(limit),
    quota_usage_percent: percent === null ? null : Math.min(percent, 1_000_000),
    is_near_quota_limit: percent !== null && percent >= NEAR_PERCENT,
    has_exceeded_quota: percent !== null && percent >= 100,
    object_count,
  };
}

const SUMMARIES: Record<BucketStatus, string> = {
  pending: 'The bucket waits to be created.',
  creating: 'The bucket is being created.',
  active: 'The bucket takes requests.',
  updating: 'The bucket is being updated.',
  error: 'The bucket has a problem.',
  destroying: 'The bucket is being deleted.',
};

/** Explains the status. `comparedAt`: when rows were last compared with the store. */
export function statusDetails(row: Bucket, comparedAt: Date | null): Static<typeof StatusDetails> {
  const status = row.status as BucketStatus;
  const failed = status === 'error';
  const terminal = failed || status === 'active';
  const error = failed ? (row.error as OperationError | null) : null;
  // A comparison before the last change says nothing about it.
  const seen = comparedAt && comparedAt > row.updated_at ? comparedAt : row.updated_at;
  return {
    summary: error ? `${SUMMARIES[status]} ${error.message}` : SUMMARIES[status],
    health: failed ? 'unhealthy' : terminal ? 'healthy' : 'progressing',
    observed_at: seen.toISOString(),
    stale: Date.now() - seen.getTime() > STALE_MS,
    operation: { state: failed ? 'failed' : terminal ? 'succeeded' : 'running', terminal },
    error: error && {
      code: error.code,
      source: 'object_store',
      resource: { kind: RESOURCE_TYPE, name: row.name },
      reason: error.code,
      message: error.message,
      retryable: error.retryable,
      observed_at: row.updated_at.toISOString(),
    },
  };
}
