import { DataPlaneError } from '../../../dataplane/contract/errors.ts';
import { type Finding, failedOperation, ranked } from '../../../instances/diagnosis.ts';
import { MISSING } from '../events.ts';
import { humanBytes, NEAR_PERCENT } from '../figures.ts';
import type { Bucket } from '../store.ts';
import type { Collection, Traffic } from './recent.ts';
import { errorRate, freshnessOf } from './view.ts';

/** What a diagnosis knows of a bucket, besides its row. */
export interface Examination {
  /** Whether the store has it; the error where it does not answer. */
  present: boolean | DataPlaneError;
  recent: Traffic | null;
  collection: Collection;
  team: { sizeBytes: number; limitBytes: number | null };
  /** Number of keys that reach it. */
  keys: number;
}

/** Shares of requests from which failures are worth a finding, of at least so many. */
const FAILING = { share: 0.05, requests: 20 } as const;

/** All that is wrong with a bucket, the worst first. */
export function findingsOf(row: Bucket, seen: Examination): Finding[] {
  const { collection, recent, team } = seen;
  return ranked([
    failedOperation(
      { ...row, disk_gb: 0 },
      { retryable: 'Ask for it again.', final: 'Update the bucket, or delete it.' },
    ),
    presenceFinding(row, seen.present),
    limitFinding('bucket', row.size_bytes, row.size_limit_bytes),
    limitFinding('team', team.sizeBytes, team.limitBytes),
    ...(recent ? failureFindings(recent) : []),
    uploadFinding(row),
    keyFinding(row, seen.keys),
    staleFinding(row, collection),
  ]);
}

function presenceFinding(row: Bucket, present: Examination['present']): Finding | null {
  if (present instanceof DataPlaneError) {
    return {
      code: 'store_unreachable',
      severity: 'critical',
      summary: `The object store does not answer: ${present.publicMessage}`,
      remediation: 'Try again in a minute. Where it lasts, ask the operator to look at the object store.',
      retryable: true,
    };
  }
  if (present || row.status !== 'active') return null;
  const { code, message, retryable } = MISSING;
  return {
    code,
    severity: 'critical',
    summary: message,
    remediation: 'Update or delete the bucket.',
    retryable,
  };
}

function limitFinding(of: 'bucket' | 'team', size: number, limit: number | null): Finding | null {
  if (limit === null || size < (limit * NEAR_PERCENT) / 100) return null;
  const isFull = size >= limit;
  const whose = of === 'bucket' ? 'The bucket holds' : 'The team’s buckets hold';
  return {
    code: `${of}_limit_${isFull ? 'reached' : 'near'}`,
    severity: isFull ? 'critical' : 'warning',
    summary: `${whose} ${humanBytes(size)} of the ${humanBytes(limit)} they may${isFull ? ': writes are refused' : ''}.`,
    remediation:
      of === 'bucket'
        ? 'Raise size_limit_bytes, or delete objects and old versions.'
        : 'Delete objects and old versions, or ask the operator for a higher limit.',
    retryable: false,
  };
}

function failureFindings(recent: Traffic): (Finding | null)[] {
  const { requests, clientErrors, serverErrors } = recent;
  if (requests < FAILING.requests) return [];
  const share = (count: number) => `${Math.round((count / requests) * 100)} %`;
  const isMuch = (count: number | null): count is number =>
    count !== null && count / requests >= FAILING.share;
  const rate = errorRate(recent) ?? 0;
  return [
    isMuch(serverErrors)
      ? {
          code: 'server_errors',
          severity: 'critical',
          summary: `${share(serverErrors)} of the requests of 24 hours failed on our side.`,
          remediation: 'Send them again. Where it lasts, tell the operator.',
          retryable: true,
        }
      : null,
    isMuch(clientErrors)
      ? {
          code: 'client_errors',
          // Programs for backups ask for much that is not there, so this alone is no fault.
          severity: 'info',
          summary: `${share(clientErrors)} of the requests of 24 hours were refused, or were for what does not exist.`,
          remediation:
            'Look at the errors of the clients where you did not expect this: a key may be revoked, expired or for other buckets.',
          retryable: false,
        }
      : null,
    clientErrors === null && rate >= FAILING.share
      ? {
          code: 'failed_requests',
          severity: 'info',
          summary: `${share(recent.failed)} of the requests of 24 hours failed, were refused, or were for what does not exist.`,
          remediation: 'Look at the errors of the clients where you did not expect this.',
          retryable: false,
        }
      : null,
  ];
}

function uploadFinding({ upload_count: count, upload_bytes: bytes, lifecycle }: Bucket): Finding | null {
  if (!count) return null;
  const rules = lifecycle as unknown as { AbortIncompleteMultipartUpload?: unknown }[];
  if (rules.some((rule) => rule.AbortIncompleteMultipartUpload !== undefined)) return null;
  return {
    code: 'incomplete_uploads',
    severity: 'info',
    summary: `${count} multipart upload${count === 1 ? ' is' : 's are'} incomplete, with ${humanBytes(bytes ?? 0)}.`,
    remediation:
      'Give the bucket a lifecycle rule with AbortIncompleteMultipartUpload, which deletes old ones.',
    retryable: false,
  };
}

function keyFinding({ status, public_access }: Bucket, keys: number): Finding | null {
  if (keys > 0 || status !== 'active') return null;
  return {
    code: 'no_access_key',
    severity: 'info',
    summary: public_access ? 'No access key can write to the bucket.' : 'No access key reaches the bucket.',
    remediation: 'Create one: POST /storage/access-keys.',
    retryable: false,
  };
}

function staleFinding({ measured_at, created_at }: Bucket, { requestsAt }: Collection): Finding | null {
  const states = [freshnessOf(measured_at), freshnessOf(requestsAt)];
  const isNew = freshnessOf(created_at) !== 'stale';
  if (isNew || !states.some((state) => state === 'stale' || state === 'never')) return null;
  return {
    code: 'metrics_stale',
    severity: 'warning',
    summary: 'Size and requests were not counted for more than a quarter of an hour.',
    remediation: 'Its data are not affected. Where it lasts, tell the operator.',
    retryable: true,
  };
}
