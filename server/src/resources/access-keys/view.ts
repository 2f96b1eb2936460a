import { statusLabel } from '../../instances/status.ts';
import type { KeyStatus } from './states.ts';
import type { KeyWithGrants } from './store.ts';

/** A key as the API shows it, without its secret. */
export function viewKey(key: KeyWithGrants) {
  return {
    id: key.id,
    name: key.name,
    access_key_id: key.access_key_id,
    access_key_id_masked: masked(key.access_key_id),
    status: key.status as KeyStatus,
    status_label: statusLabel(key.status),
    access_type: key.scope === 'team' ? ('full' as const) : ('restricted' as const),
    is_prefix_scoped: key.grants.some(({ prefix }) => prefix !== null),
    scope: key.scope as 'team' | 'buckets',
    bucket_permissions: key.grants.map(({ bucket_id, bucket_name, level, prefix }) => ({
      bucket_id,
      bucket_name,
      level,
      prefix,
    })),
    expires_at: key.expires_at?.toISOString() ?? null,
    last_used_at: key.last_used_at?.toISOString() ?? null,
    revoked_at: key.revoked_at?.toISOString() ?? null,
    is_expired: key.expires_at !== null && key.expires_at.getTime() <= Date.now(),
    created_at: key.created_at.toISOString(),
    updated_at: key.updated_at.toISOString(),
    team_id: key.team_id,
    user_id: key.user_id,
  };
}

/** The first and the last four characters. */
const masked = (id: string): string => id.slice(0, 4) + '*'.repeat(Math.max(id.length - 8, 4)) + id.slice(-4);
