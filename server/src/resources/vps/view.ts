import { pickSettings } from '../../instances/settings.ts';
import { statusDetails, statusLabel } from '../../instances/status.ts';
import type { Observation } from '../../reconcilers/reconcilers.ts';
import type { VpsView } from './schema.ts';
import { allowedActions } from './states.ts';
import type { Vps } from './store.ts';

const CAPABILITIES = { logs: true, events: true, diagnose: true, build_logs: false };

/**
 * A server as the API shows it, with all changes of names and units.
 * @param seen what is known of all instances at once
 */
export function viewVps(vps: Vps, seen: Observation): VpsView {
  const allowed = allowedActions(vps);
  return {
    id: vps.id,
    name: vps.name,
    status: vps.status as VpsView['status'],
    status_label: statusLabel(vps.status),
    status_details: statusDetails({ ...vps, type: 'vps', noun: 'server', problem: null }, seen),
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
    ...pickSettings(vps),
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
