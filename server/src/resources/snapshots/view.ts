import { kindOf, type SnapshotDetails } from '../../instances/kinds.ts';
import type { OperationError } from '../../operations/operation.ts';
import type { Reason, SnapshotStatus } from './states.ts';
import type { ListedSnapshot } from './store.ts';

const MB = 1024 ** 2;
const GB = 1024 ** 3;

/** A snapshot as the API shows it, with the names and units of its kind. */
export function viewSnapshot(row: ListedSnapshot) {
  const { member, sizeUnit, details } = kindOf(row.kind).snapshots;
  const bytes = row.size_bytes ?? 0;
  return {
    id: row.id,
    resource_id: row.uid,
    name: row.name,
    description: row.description,
    status: row.status as SnapshotStatus,
    ...(sizeUnit === 'mb' ? { size_mb: rounded(bytes / MB, 1000) } : { size_gb: rounded(bytes / GB, 1000) }),
    size_bytes: bytes,
    [`${member}_id`]: row.instance_id,
    [member]: { id: row.instance_id, name: row.instance_name },
    reason: row.reason as Reason,
    automatic: row.reason !== 'manual',
    resource_profile: row.plan,
    storage_size_gb: row.disk_gb,
    ...Object.fromEntries(Object.keys(details).map((name) => [name, row[name as keyof SnapshotDetails]])),
    last_verified_at: row.verified_at?.toISOString() ?? null,
    verification: viewVerification(row),
    error: row.error as OperationError | null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    team_id: row.team_id,
    user_id: row.user_id,
  };
}

const rounded = (value: number, parts: number): number => Math.round(value * parts) / parts;

function viewVerification(row: ListedSnapshot) {
  if (row.verified_at === null) return null;
  return {
    ok: row.verified_ok ?? false,
    seconds_to_restore: row.restore_ms === null ? null : row.restore_ms / 1000,
    items: row.verified_items,
    message: row.verify_message,
  };
}
