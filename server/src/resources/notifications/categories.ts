import type { PlacedEvent } from '../../events/store.ts';

/** Groups of categories, as the API lists them. */
export const GROUPS = {
  resource: 'Resources',
  billing: 'Billing',
  security: 'Security',
  snapshot: 'Snapshots',
  team: 'Team',
  maintenance: 'Maintenance',
  alert: 'Alerts',
} as const;
type Group = keyof typeof GROUPS;

type Severity = 'info' | 'warning' | 'critical';

/** What notifications are about: label, group and severity. Only those of which Danube has events. */
const CATEGORIES = {
  resource_provisioned: ['Resource created', 'resource', 'info'],
  resource_failed: ['Resource failed', 'resource', 'critical'],
  resource_destroyed: ['Resource deleted', 'resource', 'info'],
  resource_status_changed: ['Status of a resource changed', 'resource', 'info'],
  api_key_created: ['Token or secret created', 'security', 'info'],
  api_key_revoked: ['Token or secret revoked', 'security', 'info'],
  firewall_changed: ['Firewall changed', 'security', 'info'],
  snapshot_completed: ['Snapshot taken', 'snapshot', 'info'],
  snapshot_failed: ['Snapshot failed', 'snapshot', 'warning'],
  restore_completed: ['Restore done', 'snapshot', 'info'],
  restore_failed: ['Restore failed', 'snapshot', 'critical'],
  team_member_added: ['Member joined', 'team', 'info'],
  team_member_removed: ['Member left', 'team', 'info'],
  team_invitation_sent: ['Invitation sent', 'team', 'info'],
  team_invitation_accepted: ['Invitation accepted', 'team', 'info'],
  cpu_threshold_exceeded: ['Alert on processor', 'alert', 'warning'],
  memory_threshold_exceeded: ['Alert on memory', 'alert', 'warning'],
  disk_threshold_exceeded: ['Alert on disk', 'alert', 'warning'],
  connections_threshold_exceeded: ['Alert on connections', 'alert', 'warning'],
  pod_health_issue: ['Alert on another metric', 'alert', 'warning'],
  storage_quota_threshold: ['Storage nearly full', 'alert', 'warning'],
} as const satisfies Record<string, readonly [label: string, group: Group, severity: Severity]>;
export type Category = keyof typeof CATEGORIES;

/**
 * Categories of the v1 API of which there is nothing to tell here: there are no invoices, no incidents of a provider, and
 * sign-ins concern an account and not its teams.
 */
const NEVER = [
  ...['new_login', 'suspicious_activity'],
  ...['invoice_generated', 'payment_successful', 'payment_failed', 'credits_low', 'credits_expiring'],
  ...['pricing_contract_expiring_soon', 'pricing_contract_expired'],
  ...['budget_threshold_50', 'budget_threshold_80', 'budget_exceeded'],
  ...['audit_finding_critical', 'audit_security_digest'],
  ...['maintenance_scheduled', 'maintenance_started', 'maintenance_completed'],
  ...['incident_reported', 'incident_resolved', 'uptime_check_down', 'uptime_check_recovered'],
  'ssl_certificate_expiring',
] as const;

const names = Object.keys(CATEGORIES) as Category[];

/** All categories that a preference may name. */
export const ALL_CATEGORIES = [...names, ...NEVER] as unknown as readonly [string, ...string[]];

/** The categories that notifications can have, in the order of the list. */
export const AVAILABLE = names.map((value) => {
  const [label, group, severity] = CATEGORIES[value];
  return { value, label, group, severity };
});

export const severityOf = (category: Category): Severity => CATEGORIES[category][2];

/** Whether members are mailed of it unless they say otherwise: of what needs somebody. Of what there is not, nobody is. */
export const isMailedByDefault = (category: string): boolean =>
  Object.hasOwn(CATEGORIES, category) && severityOf(category as Category) !== 'info';

/** By the last part of an event's type, whatever the resource. */
const BY_WHAT: Readonly<Record<string, Category | null>> = {
  requested: null,
  created: 'resource_provisioned',
  deleted: 'resource_destroyed',
  snapshot_taken: 'snapshot_completed',
  snapshot_failed: 'snapshot_failed',
  restored: 'restore_completed',
  restore_failed: 'restore_failed',
  restore_undone: 'restore_failed',
  stopped_from_inside: 'resource_status_changed',
  started_outside: 'resource_status_changed',
};

/** By the resource, where all its events are of one category, and by the whole type. */
const BY_RESOURCE: Readonly<Record<string, Category>> = {
  firewall: 'firewall_changed',
  snapshot: 'snapshot_completed',
  'ssh-key': 'api_key_created',
};
const BY_TYPE: Readonly<Record<string, Category | null>> = {
  'ssh-key.deleted': 'api_key_revoked',
  'token.created': 'api_key_created',
  'token.revoked': 'api_key_revoked',
  'access_key.created': 'api_key_created',
  'access_key.revoked': 'api_key_revoked',
  'access_key.expired': 'api_key_revoked',
  'webhook.secret_regenerated': 'api_key_created',
  'webhook.disabled': 'resource_failed',
  'bucket.nearly_full': 'storage_quota_threshold',
  // People who work with files make many.
  'bucket.object_uploaded': null,
  'bucket.objects_deleted': null,
  'snapshot.delete_failed': 'snapshot_failed',
  'snapshot.verify_failed': 'snapshot_failed',
  'snapshot.mended': 'snapshot_failed',
  'team.created': null,
  'team.member_added': 'team_member_added',
  'team.member_removed': 'team_member_removed',
  'team.member_left': 'team_member_removed',
  'team.invitation_sent': 'team_invitation_sent',
  'team.invitation_accepted': 'team_invitation_accepted',
  'team.invitation_withdrawn': 'team_invitation_sent',
  'team.quotas_changed': 'resource_status_changed',
};

/** What alerts tell; what is done to an alert itself is in the log only. */
const TURNS_OF_ALERTS: ReadonlySet<string> = new Set(['alert.fired', 'alert.resolved']);

/** What alerts are about, by their metric. */
const BY_METRIC: Readonly<Record<string, Category>> = {
  cpu_usage: 'cpu_threshold_exceeded',
  cpu_steal: 'cpu_threshold_exceeded',
  load_ratio: 'cpu_threshold_exceeded',
  memory_usage: 'memory_threshold_exceeded',
  disk_usage: 'disk_threshold_exceeded',
  cache_connections: 'connections_threshold_exceeded',
  cache_connection_usage: 'connections_threshold_exceeded',
  db_connections: 'connections_threshold_exceeded',
  db_connection_usage: 'connections_threshold_exceeded',
};

/** The category of an event; null: nobody is told of it. */
export function categoryOf({
  type,
  resource_type: resource,
  severity,
  payload,
}: Pick<PlacedEvent, 'type' | 'resource_type' | 'severity' | 'payload'>): Category | null {
  const what = type.slice(type.indexOf('.') + 1);
  if (resource === 'alert' && !TURNS_OF_ALERTS.has(type)) return null;
  if (resource === 'alert')
    return BY_METRIC[String((payload as { metric?: unknown }).metric)] ?? 'pod_health_issue';
  if (type in BY_TYPE) return BY_TYPE[type]!;
  if (what === 'requested') return null;
  if (resource in BY_RESOURCE) return BY_RESOURCE[resource]!;
  if (what in BY_WHAT) return BY_WHAT[what]!;
  return severity === 'Warning' ? 'resource_failed' : 'resource_status_changed';
}
