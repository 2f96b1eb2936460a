import type { InstanceSpec } from '../../dataplane/contract/compute.ts';
import type { TenantNetwork } from '../../dataplane/contract/networks.ts';
import { buildGuestData } from '../../images/cloud-init.ts';
import { instanceRef } from '../../instances/naming.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import type { Origin } from '../snapshots/store.ts';
import type { Vps } from './store.ts';

/**
 * Seconds from the start of a guest until its SSH server must answer; a first boot includes the customer's cloud-init.
 */
export const SSH_TIMEOUT_SECONDS = 180;

/** Servers have no published ports: they have public addresses of their own. */
export const NOTHING_PUBLISHED = { publish: [] };

/** The settings that the data plane applies to a VPS with these columns. */
export const settingsOf = (vps: Pick<Vps, 'vcpu' | 'memory_mb' | 'disk_gb' | 'auto_start'>) => ({
  limits: { vcpu: vps.vcpu, memoryMb: vps.memory_mb, diskGb: vps.disk_gb },
  autoStart: vps.auto_start,
});

/** The host name inside a server of this name: a label of DNS. */
export const hostnameOf = (name: string): string => name.slice(0, 63).replace(/-+$/, '');

/**
 * The complete spec of the instance. When it is created from a snapshot, its image is that of the snapshot, and the
 * customer's cloud-init has already run and is left out.
 */
export async function instanceSpec(
  vps: Vps,
  network: TenantNetwork,
  secrets: SecretBox,
  origin?: Origin,
): Promise<InstanceSpec> {
  const custom = origin ? null : vps.custom_cloud_init_sealed;
  const hostname = hostnameOf(vps.name);
  return {
    ref: instanceRef(vps),
    image: origin?.snapshot?.image ?? vps.image,
    ...settingsOf(vps),
    ...NOTHING_PUBLISHED,
    network,
    addresses: { ipv4: vps.ipv4, ipv6: vps.ipv6 },
    hostname,
    ...(await buildGuestData({
      hostname,
      authorizedKey: vps.authorized_key,
      rootPassword: secrets.open(vps.password_sealed),
      allowPasswordLogin: vps.auth_method === 'password',
      custom: custom && secrets.open(custom),
    })),
    volumes: [],
    files: [],
    generation: vps.generation,
  };
}
