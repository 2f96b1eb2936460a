import { INTERNAL_DOMAIN, internalName } from '../../dataplane/contract/networks.ts';
import type { Finding } from '../../instances/diagnosis.ts';
import { pickSettings } from '../../instances/settings.ts';
import { statusDetails, statusLabel } from '../../instances/status.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import type { Observation } from '../../reconcilers/reconcilers.ts';
import { KINDS, type Kind } from './kinds.ts';
import { previousPassword, providerOf } from './settings.ts';
import { allowedActions, type ServiceStatus } from './states.ts';
import type { ManagedService } from './store.ts';

const CAPABILITIES = { logs: true, events: true, diagnose: true, build_logs: false };

/** Storage does not grow automatically beyond this size, in GB. */
export const MAX_STORAGE_GB = 10_000;

interface ViewOptions {
  seen: Observation;
  publicAddress: string | null;
}

/** An instance as the API shows it, with the members of both kinds; each kind's schema picks its own. */
export function viewService(row: ManagedService, { seen, publicAddress }: ViewOptions) {
  const kind = row.kind as Kind;
  const provider = providerOf(row);
  const allowed = allowedActions(row);
  return {
    id: row.id,
    name: row.name,
    status: row.status as ServiceStatus,
    status_label: statusLabel(row.status),
    status_details: statusDetails(
      { ...row, type: kind, noun: KINDS[kind].noun, problem: row.engine_problem as Finding | null },
      seen,
    ),
    capabilities: CAPABILITIES,
    resource_profile: row.plan,
    cpu_cores: row.vcpu,
    memory_size_mb: row.memory_mb,
    storage_size_gb: row.disk_gb,
    version: row.version,
    // As it was asked for: null where the engine's own was.
    database_name: row.database_name,
    datacenter: row.datacenter,
    provider_id: provider.number,
    provider: { id: provider.number, name: provider.name, type: provider.id },
    engine: { id: provider.number, name: provider.name },
    ...viewAddresses(row, publicAddress),
    username: row.username,
    monthly_cost_cents: row.price_cents,
    monthly_cost_dollars: row.price_cents / 100,
    storage_autoscale_policy: viewAutoscalePolicy(row),
    configuration: row.parameters as Record<string, string>,
    parameter_group: row.parameter_group_id === null ? null : { id: row.parameter_group_id },
    pending_restart: row.pending_restart,
    ...pickSettings(row),
    deployed_at: row.deployed_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    team_id: row.team_id,
    user_id: row.user_id,
    can_be_started: allowed.start,
    can_be_stopped: allowed.stop,
    can_be_destroyed: allowed.destroy,
  };
}

export type ServiceView = ReturnType<typeof viewService>;

/** Where clients reach it: in the team's network, at the public address, and the one to use now. */
function viewAddresses(row: ManagedService, publicAddress: string | null) {
  const { tls: port, plain } = providerOf(row).ports;
  const address = row.ipv4 ?? row.ipv6 ?? '';
  const published = publishedAt(row, publicAddress);
  const internalHost = `${internalName({ ipv4: row.ipv4, ipv6: row.ipv6 })}.${INTERNAL_DOMAIN}`;
  return {
    endpoint: address,
    port,
    dns_hostname: published?.host ?? null,
    dns_port: published?.port ?? null,
    // An install has no connection proxy.
    proxy_dns_hostname: null,
    proxy_dns_port: null,
    proxy_any_dns_port: null,
    internal_host: internalHost,
    internal_port: port,
    internal_endpoint: `${internalHost}:${port}`,
    public_endpoint: published && `${published.host}:${published.port}`,
    connection_host: published?.host ?? address,
    connection_port: published?.port ?? port,
    plain_port: plain,
  };
}

const viewAutoscalePolicy = (row: ManagedService) => ({
  enabled: row.autoscale_enabled,
  threshold_percent: row.autoscale_threshold_percent,
  increment_gib: row.autoscale_increment_gb,
  max_storage_gib: MAX_STORAGE_GB,
  last_scaled_at: row.autoscaled_at?.toISOString() ?? null,
  last_checked_at: row.autoscale_checked_at?.toISOString() ?? null,
});

function publishedAt(
  row: ManagedService,
  publicAddress: string | null,
): { host: string; port: number } | null {
  return row.published && publicAddress !== null ? { host: publicAddress, port: row.public_port! } : null;
}

/** A URI of the address to use now, without a password; null until the engine ran for the first time. */
export function viewConnection(row: ManagedService, publicAddress: string | null): string | null {
  if (row.deployed_at === null) return null;
  return providerOf(row).uri({ ...endpointOf(row, publicAddress), password: null });
}

/** Where a client connects to now, and as whom. */
export function endpointOf(row: ManagedService, publicAddress: string | null) {
  const provider = providerOf(row);
  const published = publishedAt(row, publicAddress);
  return {
    host: published?.host ?? row.ipv4 ?? row.ipv6 ?? '',
    port: published?.port ?? provider.ports.tls,
    username: row.username,
    database: row.database_name ?? provider.defaultDatabase,
    tls: true,
  };
}

/** Connection data of a client: the address to use now, and the account. */
export function viewCredentials(
  row: ManagedService,
  { secrets, publicAddress }: { secrets: SecretBox; publicAddress: string | null },
) {
  const { tls, ...endpoint } = endpointOf(row, publicAddress);
  const password = secrets.open(row.password_sealed);
  return {
    ...endpoint,
    password,
    previous_password_expires_at:
      previousPassword(row) === null ? null : row.previous_password_until!.toISOString(),
    connection_info: providerOf(row).uri({ ...endpoint, password, tls }),
  };
}
