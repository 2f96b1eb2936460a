import type { OperationError } from '../../workflows/operation.ts';
import type { VpsView } from './schema.ts';
import { allowedActions, isTransitional, statusLabel } from './states.ts';
import type { Vps } from './store.ts';

/** After this long without a comparison with the data plane, a status counts as stale. */
const STALE_MS = 60_000;

const CAPABILITIES = { logs: false, events: false, diagnose: false, build_logs: false };

/**
 * A row as the API shows it: the one place where names and units change.
 * @param comparedAt when the reconciler last finished a pass, or null before its first
 */
export function viewVps(vps: Vps, comparedAt: Date | null): VpsView {
  const allowed = allowedActions(vps);
  return {
    id: vps.id,
    name: vps.name,
    status: vps.status as VpsView['status'],
    status_label: statusLabel(vps.status),
    status_details: statusDetails(vps, comparedAt),
    capabilities: CAPABILITIES,
    resource_profile: vps.plan,
    cpu_allocation_type: vps.cpu_allocation_type as VpsView['cpu_allocation_type'],
    cpu_cores: vps.vcpu,
    memory_size_gb: vps.memory_mb / 1024,
    storage_size_gb: vps.disk_gb,
    image: vps.image,
    datacenter: vps.datacenter,
    network_stack: vps.network_stack as VpsView['network_stack'],
    auth_method: vps.auth_method as VpsView['auth_method'],
    public_ip: vps.ipv4,
    ipv6_address: vps.ipv6,
    vnc_access_url: null,
    monthly_cost_cents: vps.price_cents,
    monthly_cost_dollars: vps.price_cents / 100,
    auto_start: vps.auto_start,
    backup_enabled: vps.backup_enabled,
    monitoring_enabled: vps.monitoring_enabled,
    automated_snapshots_enabled: vps.automated_snapshots_enabled,
    deployed_at: vps.deployed_at?.toISOString() ?? null,
    created_at: vps.created_at.toISOString(),
    updated_at: vps.updated_at.toISOString(),
    team_id: vps.team_id,
    user_id: vps.user_id,
    ssh_key_id: vps.ssh_key_id,
    can_be_started: allowed.start,
    can_be_stopped: allowed.stop,
    can_be_rebooted: allowed.reboot,
    can_be_destroyed: allowed.destroy,
  };
}

const SUMMARIES: Record<string, string> = {
  pending: 'The server waits to be created.',
  provisioning: 'The server is being created.',
  running: 'The server is running.',
  stopped: 'The server is stopped.',
  error: 'The server has a problem.',
  destroying: 'The server is being deleted.',
};

function statusDetails(vps: Vps, comparedAt: Date | null): VpsView['status_details'] {
  const transitional = isTransitional(vps.status);
  const failed = vps.status === 'error';
  // A pass before the server was made says nothing about it.
  const passed = comparedAt && comparedAt > vps.created_at ? comparedAt : null;
  const observedAt = latest(vps.observed_at, passed);
  return {
    summary: SUMMARIES[vps.status] ?? `The server is ${vps.status}.`,
    health: failed
      ? 'unhealthy'
      : transitional
        ? 'progressing'
        : vps.status === 'stopped'
          ? 'stopped'
          : 'healthy',
    observed_at: observedAt?.toISOString() ?? null,
    stale: observedAt === null || Date.now() - observedAt.getTime() > STALE_MS,
    operation: { state: failed ? 'failed' : transitional ? 'running' : 'succeeded', terminal: !transitional },
    error: failed && vps.error ? viewError(vps, vps.error as unknown as OperationError) : null,
  };
}

function viewError(vps: Vps, error: OperationError): NonNullable<VpsView['status_details']['error']> {
  return {
    code: error.code,
    source: 'engine',
    resource: { kind: 'vps', name: vps.name },
    reason: error.code,
    message: error.message,
    retryable: error.retryable,
    observed_at: vps.updated_at.toISOString(),
  };
}

const latest = (a: Date | null, b: Date | null): Date | null => (!a ? b : !b || a > b ? a : b);
