import type { Log } from '../../lib/log.ts';
import type { IncusClient } from './client.ts';
import type { HostAccess } from './host-access.ts';

/** What all parts of the Incus data plane share. */
export interface IncusContext {
  client: IncusClient;
  /** Null where Incus runs on another host. */
  host: HostAccess | null;
  /** Six hex digits; see `names.ts`. */
  installId: string;
  /** Storage pool for root disks and volumes. */
  pool: string;
  log: Log;
}
