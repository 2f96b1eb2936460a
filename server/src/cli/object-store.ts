import type { Config } from '../config.ts';
import type { DataPlane } from '../dataplane/contract/data-plane.ts';
import { openDatabase } from '../db/database.ts';
import { type Install, poolsOf } from '../host/install.ts';
import { defaultRouteAddress } from '../host/public-address.ts';
import { createSecretBox } from '../lib/crypto.ts';
import type { Log } from '../lib/log.ts';
import type { ObjectStore } from '../object-store/contract.ts';

export interface StoreSurroundings {
  install: Install;
  plane: DataPlane;
  databaseUrl: string;
  secretKey: Buffer;
  /** Whether this process serves customers of the install's own store. */
  serves: boolean;
  log: Log;
}

/** Opens the object store that the settings select, for a server or for a command beside it. Null: there is none. */
export async function openObjectStore(
  config: Config,
  { install, plane, databaseUrl, secretKey, serves, log }: StoreSurroundings,
  server = false,
): Promise<ObjectStore | null> {
  if (config.engine === 'sim') {
    const { createSimObjectStore, stateFileOf } = await import('../object-store/sim/object-store.ts');
    return createSimObjectStore({
      ...{ latencyMs: config.sim.latencyMs, readOnly: !server },
      stateFile: stateFileOf(config.sim.stateFile),
    });
  }
  const { installId } = install;
  if (config.s3.other) {
    const { createOtherObjectStore } = await import('../object-store/rgw/other.ts');
    return createOtherObjectStore(config.s3, config.s3.other, installId);
  }
  // The gateway is reached over a bridge of this host.
  if (config.incus) return null;
  const [{ createLocalObjectStore }, { createAuthorityReader }] = await Promise.all([
    import('../object-store/rgw/local.ts'),
    import('../resources/certificate-authority/authority.ts'),
  ]);
  const database = openDatabase(databaseUrl, { max: 3 });
  const secrets = createSecretBox(secretKey);
  const store = createLocalObjectStore({
    ...{ s3: config.s3, database, secrets, plane, pools: poolsOf(config, install), installId, serves, log },
    authority: createAuthorityReader(database, secrets),
    publicAddress: config.publicAddress ?? defaultRouteAddress(),
  });
  return {
    ...store,
    async close() {
      await store.close();
      await database.close();
    },
  };
}
