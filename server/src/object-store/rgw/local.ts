import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { Database } from '../../db/database.ts';
import type { AddressPools } from '../../instances/addresses.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import type { Log } from '../../lib/log.ts';
import type { KeyedCertificate } from '../../lib/pki.ts';
import type { S3Config } from '../../s3-config.ts';
import type { ObjectStore } from '../contract.ts';
import { Appliance } from './appliance.ts';
import { createBucketKeys } from './bucket-keys.ts';
import { watchCertificate } from './certificates.ts';
import { GatewayClient } from './client.ts';
import { createRgwObjectStore } from './object-store.ts';
import { readRequestLog } from './requests.ts';
import { GATEWAY_PORT, gatewayAddress, isMade, type StoreRow } from './row.ts';
import { Serving } from './serving.ts';

export interface LocalStoreOptions {
  s3: S3Config;
  database: Database;
  secrets: SecretBox;
  plane: DataPlane;
  pools: AddressPools;
  authority: () => Promise<KeyedCertificate>;
  /** Address at which customers reach the host; null: none. */
  publicAddress: string | null;
  installId: string;
  /** Whether this process serves customers, and looks after the instance. */
  serves: boolean;
  log: Log;
}

/** The object store that the install runs itself: made at its first use, and served from this host. */
export function createLocalObjectStore(options: LocalStoreOptions): ObjectStore {
  const { s3, database, secrets, plane, pools, authority, publicAddress, installId, log } = options;
  const names = { region: s3.region, domain: s3.domain };
  const appliance = new Appliance({ database, secrets, plane, pools, names, sizeGb: s3.sizeGb });
  const serving = new Serving({
    ...{ appliance, database, plane, s3, log },
    client: () => connected(),
    keys: createBucketKeys(database, secrets),
    certificate: watchCertificate({ ...s3, authority, address: publicAddress }),
  });
  if (options.serves) serving.start();

  const findMade = async (): Promise<StoreRow | null> => {
    const row = await appliance.find();
    return row && isMade(row) ? row : null;
  };
  let client: GatewayClient | null = null;
  const connect = (row: StoreRow): void => {
    const { adminEntry, accessKey, secretKey } = row.credentials;
    const url = `http://${gatewayAddress(row)}:${GATEWAY_PORT}`;
    client ??= new GatewayClient({ url, region: s3.region, adminEntry, accessKey, secretKey });
  };
  const connected = async (): Promise<GatewayClient> => {
    const row = client ? null : await findMade();
    if (row) connect(row);
    if (client) return client;
    throw new DataPlaneError('unreachable', 'This install has no object storage yet.');
  };
  const answers = async (): Promise<boolean> => {
    const row = await findMade();
    if (!row) return false;
    connect(row);
    return client!.admin('GET', 'metadata/user', { 'max-entries': 1 }).then(
      () => true,
      () => false,
    );
  };
  const host = s3.domain ?? publicAddress;
  return createRgwObjectStore({
    installId,
    access: {
      url: host === null ? null : `https://${host}:${s3.port}`,
      region: s3.region,
      domain: s3.domain,
      kms: false,
    },
    client: connected,
    async readRequests(after, limit) {
      const row = await findMade();
      return row && readRequestLog(row, after, limit, log);
    },
    hasRoomFor: (bytes) => serving.hasRoomFor(bytes),
    letIn: (bytes) => serving.letIn(bytes),
    isMade: async () => (await findMade()) !== null,
    async ensureReady(progress) {
      // Workflows ask each time: one question to the gateway instead of several to Incus.
      if (await answers()) return;
      connect(await appliance.ensure(progress));
      if (options.serves) await serving.look(true);
    },
    close: () => serving.stop(),
  });
}
