import { createTar } from 'nanotar';
import type { InstanceFile } from '../../dataplane/contract/compute.ts';
import { GATEWAY_PORT, gatewayAddress, keysUrl, type StoreRow } from './row.ts';

/** Where the image looks for its settings, see `services/appliance/README.md`. */
const SETTINGS_FILE = '/var/lib/danube/settings.tar';

export interface StoreNames {
  region: string;
  /** Domain of virtual-hosted buckets; null: none. */
  domain: string | null;
}

/** The settings that `guest/configure` reads, as one archive, which the instance adopts as a whole. */
export function settingsFile(row: StoreRow, { region, domain }: StoreNames): InstanceFile {
  const { credentials } = row;
  const settings: Record<string, string> = {
    size: String(row.sizeGb),
    address: gatewayAddress(row),
    port: String(GATEWAY_PORT),
    region,
    domain: domain ?? '',
    'admin-entry': credentials.adminEntry,
    'admin-access-key': credentials.accessKey,
    'admin-secret-key': credentials.secretKey,
    'keys-url': keysUrl(row),
    'keys-token': credentials.keysToken,
    // The guest adopts an archive only if it ends with this.
    complete: '',
  };
  const entries = Object.entries(settings).map(([name, data]) => ({
    name,
    data,
    // Without the time: the same settings are the same bytes, by which it is known whether they are in use.
    attrs: { mode: '600', uid: 0, gid: 0, mtime: 0 },
  }));
  return { path: SETTINGS_FILE, content: Buffer.from(createTar(entries)), mode: '0600' };
}
