import { createTar } from 'nanotar';
import type { InstanceFile, InstanceSettings, InstanceSpec } from '../../dataplane/contract/compute.ts';
import { INTERNAL_DOMAIN, internalName, type TenantNetwork } from '../../dataplane/contract/networks.ts';
import { instanceRef } from '../../instances/naming.ts';
import { dataMount, volumeOf } from '../../instances/volumes.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import { issueCertificate } from '../../lib/pki.ts';
import type { Parameters } from '../../services/check-parameters.ts';
import { imageOf, type Provider } from '../../services/provider.ts';
import { findProvider } from '../../services/registry.ts';
import type { AuthorityReader } from '../certificate-authority/authority.ts';
import type { ManagedService } from './store.ts';

/** Root disk in GiB: the image, and the logs that services keep. Data is on a separate volume. */
const ROOT_GB = 5;
/** Where the image looks for its settings, see `services/appliance/README.md`. */
const SETTINGS_FILE = '/var/lib/danube/settings.tar';

export interface SettingsDependencies {
  secrets: SecretBox;
  authority: AuthorityReader;
  /** IPv4 address of the host at which published ports are reached; null: no port can be published. */
  publicAddress: string | null;
}

/** The provider of a row; throws for an unknown one, which rows never contain. */
export function providerOf(service: Pick<ManagedService, 'provider'>): Provider {
  const provider = findProvider(service.provider);
  if (!provider) throw new Error(`There is no provider "${service.provider}".`);
  return provider;
}

export const imageName = (service: ManagedService): string => imageOf(providerOf(service), service.version);

/** The settings that the data plane applies to the instance. */
export function instanceSettings(service: ManagedService, publicAddress: string | null): InstanceSettings {
  const published = service.published && publicAddress !== null;
  return {
    limits: { vcpu: service.vcpu, memoryMb: service.memory_mb, diskGb: ROOT_GB },
    publish: published
      ? [{ address: publicAddress, port: service.public_port!, targetPort: providerOf(service).ports.tls }]
      : [],
    autoStart: true,
  };
}

/** The complete spec of the instance. */
export async function instanceSpec(
  service: ManagedService,
  network: TenantNetwork,
  dependencies: SettingsDependencies,
): Promise<InstanceSpec> {
  return {
    ref: instanceRef(service),
    image: imageName(service),
    ...instanceSettings(service, dependencies.publicAddress),
    network,
    addresses: { ipv4: service.ipv4, ipv6: service.ipv6 },
    hostname: service.name,
    userData: null,
    volumes: [dataMount(volumeOf(service))],
    files: await settingsFiles(service, dependencies),
    generation: service.generation,
  };
}

/**
 * The engine's settings as one archive, which the instance adopts as a whole. The certificate is issued anew each time,
 * for every name and address of the instance.
 */
export async function settingsFiles(
  service: ManagedService,
  { secrets, authority, publicAddress }: SettingsDependencies,
): Promise<InstanceFile[]> {
  const provider = providerOf(service);
  const signer = await authority();
  const { certificate, key } = await issueCertificate(signer, certificateNames(service, publicAddress));
  const sizing = provider.sizing({
    vcpu: service.vcpu,
    memoryMb: service.memory_mb,
    diskGb: service.disk_gb,
  });
  const parameters = { ...sizing, ...(service.effective_parameters as Parameters) };
  const files: Record<string, string> = {
    'engine.conf': provider.renderConfig(parameters),
    username: service.username,
    ...passwords(service, secrets),
    database: service.database_name ?? '',
    'tls/certificate.pem': certificate,
    'tls/key.pem': key,
    'tls/ca.pem': signer.certificate,
    // The last member: its absence shows that the archive is incomplete.
    complete: '',
  };
  const archive = createTar(
    Object.entries(files).map(([name, data]) => ({ name, data, attrs: { mode: '600', uid: 0, gid: 0 } })),
  );
  return [{ path: SETTINGS_FILE, content: Buffer.from(archive), mode: '0600' }];
}

/** What the engine accepts. During a rotation, these are the new password and, with an overlap, the one it replaces. */
function passwords(service: ManagedService, secrets: SecretBox) {
  const open = (sealed: Buffer | null): string => (sealed === null ? '' : secrets.open(sealed));
  const { next_password_sealed: next, password_sealed: present } = service;
  if (next !== null) {
    return {
      password: open(next),
      'previous-password': open(service.next_overlap_seconds === 0 ? null : present),
    };
  }
  return { password: open(present), 'previous-password': open(previousPassword(service)) };
}

/** The sealed password before the present one, as long as it works. */
export const previousPassword = (
  service: Pick<ManagedService, 'previous_password_sealed' | 'previous_password_until'>,
): Buffer | null =>
  (service.previous_password_until?.getTime() ?? 0) > Date.now() ? service.previous_password_sealed : null;

function certificateNames(service: ManagedService, publicAddress: string | null): [string, ...string[]] {
  const name = internalName({ ipv4: service.ipv4, ipv6: service.ipv6 });
  const addresses = [service.ipv4, service.ipv6, publicAddress].filter((address) => address !== null);
  // The engine's own health check connects over loopback.
  return [`${name}.${INTERNAL_DOMAIN}`, name, ...addresses, 'localhost', '127.0.0.1', '::1'];
}
