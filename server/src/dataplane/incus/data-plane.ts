import type { Log } from '../../lib/log.ts';
import type { DataPlane } from '../contract/data-plane.ts';
import { describeCapacity } from './capacity.ts';
import { IncusClient, type IncusConnection } from './client.ts';
import { computeVerbs } from './compute-verbs.ts';
import { hostAccess } from './host-access.ts';
import { Images } from './images.ts';
import type { SharedGrant } from './limiter.ts';
import { measureTeams } from './metering.ts';
import { networkVerbs } from './network-verbs.ts';
import { createParts } from './parts.ts';
import { snapshotVerbs } from './snapshot-verbs.ts';
import { openTerminal } from './terminal.ts';
import { volumeVerbs } from './volume-verbs.ts';

export interface IncusOptions {
  connection: IncusConnection;
  /** Six hex digits; see `names.ts`. */
  installId: string;
  /** Storage pool for root disks and volumes. */
  pool: string;
  /** Folder in which images are built. */
  imageCache: string;
  log: Log;
  /** Hands out slots to boot guests to all processes that use this Incus; by default each has slots of its own. */
  bootSlots?: SharedGrant;
}

/** The real data plane: containers in Incus, on this host or another. */
export function createIncusDataPlane(options: IncusOptions): DataPlane {
  const { connection, installId, pool, imageCache, log } = options;
  const client = new IncusClient(connection);
  const parts = createParts({ client, host: hostAccess(connection, pool), installId, pool, log });
  const images = new Images(client, { installId, imageCache, log });
  return {
    name: 'incus',
    describe: () => parts.server.describe(),
    describeCapacity: () => describeCapacity(parts),
    findWriteRefusal: async () => (await parts.context.host?.writeRefusal()) ?? null,
    ...networkVerbs(parts),
    listImages: () => images.list(),
    imageParameters: (name) => images.parameters(name),
    ensureImage: (name, progress, options = {}) => images.ensure(name, progress, options),
    ...computeVerbs(parts, options.bootSlots ?? null),
    openTerminal: (ref, size, events) => openTerminal(parts.context, ref, size, events),
    measureTeams: (teamIds) => measureTeams(parts, teamIds),
    measureHost: async () => (await parts.context.host?.measure()) ?? null,
    ...volumeVerbs(parts),
    ...snapshotVerbs(parts),
    close: () => client.close(),
  };
}
