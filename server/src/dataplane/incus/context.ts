import type { Log } from '../../lib/log.ts';
import type { IncusClient } from './client.ts';
import type { HostAccess } from './host-access.ts';

/** What all parts of the data plane on Incus work with. */
export interface IncusContext {
  client: IncusClient;
  /** Null where Incus runs elsewhere. */
  host: HostAccess | null;
  /** Six hex digits; see `names.ts`. */
  installId: string;
  /** Storage pool for the disks of instances. */
  pool: string;
  log: Log;
}
