import type { S3Config } from '../../s3-config.ts';
import type { ObjectStore } from '../contract.ts';
import { GatewayClient } from './client.ts';
import { createRgwObjectStore } from './object-store.ts';

/** First part of the paths of the admin API, unless its operator has changed that. */
const ADMIN_ENTRY = 'admin';

/** Object storage in a Ceph of the operator's. Customers reach it directly. */
export function createOtherObjectStore(
  { region, domain }: Pick<S3Config, 'region' | 'domain'>,
  other: NonNullable<S3Config['other']>,
  installId: string,
): ObjectStore {
  const { endpoint, accessKey, secretKey } = other;
  const client = new GatewayClient({ url: endpoint, region, adminEntry: ADMIN_ENTRY, accessKey, secretKey });
  return createRgwObjectStore({
    installId,
    access: { url: endpoint, region, domain, kms: false },
    client: async () => client,
    // Where it keeps one, that is not to be had through its APIs.
    readRequests: null,
    // It says so itself.
    hasRoomFor: () => true,
    letIn: () => undefined,
    isMade: async () => true,
    ensureReady: async () => void (await client.admin('GET', 'metadata/user', { 'max-entries': 1 })),
    close: async () => undefined,
  });
}
