import type { Progress } from '../../lib/progress.ts';
import type { ObjectStore, StoreAccess } from '../contract.ts';
import { rgwBuckets } from './buckets.ts';
import type { GatewayClient } from './client.ts';
import type { RgwContext } from './context.ts';
import { rgwKeys } from './keys.ts';
import { rgwObjects } from './objects.ts';
import { rgwStatistics } from './statistics.ts';
import { rgwTeams } from './teams.ts';

export interface RgwOptions {
  installId: string;
  access: StoreAccess;
  /** Throws `unreachable` while there is no gateway. */
  client(): Promise<GatewayClient>;
  isMade(): Promise<boolean>;
  ensureReady(progress: Progress): Promise<void>;
  close(): Promise<void>;
  readRequests: RgwContext['readRequests'];
  hasRoomFor: RgwContext['hasRoomFor'];
  letIn: RgwContext['letIn'];
}

/** Object storage in a Ceph RADOS Gateway, of this install or another one. */
export function createRgwObjectStore(options: RgwOptions): ObjectStore {
  const { installId, client, readRequests, hasRoomFor, letIn, ...rest } = options;
  const context: RgwContext = { client, installId, readRequests, hasRoomFor, letIn };
  return {
    name: 'rgw',
    ...rest,
    ...rgwTeams(context),
    ...rgwKeys(context),
    ...rgwBuckets(context),
    ...rgwObjects(context),
    ...rgwStatistics(context),
  };
}
