import { randomBytes } from 'node:crypto';
import { Agent as HttpsAgent, request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { Agent } from 'undici';
import { readConfig } from '../../src/config.ts';
import type { DataPlane } from '../../src/dataplane/contract/data-plane.ts';
import { IncusClient } from '../../src/dataplane/incus/client.ts';
import { projectName } from '../../src/dataplane/incus/names.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createSecretBox, type SecretBox } from '../../src/lib/crypto.ts';
import { createLog } from '../../src/lib/log.ts';
import { createAuthority, type KeyedCertificate } from '../../src/lib/pki.ts';
import type { ObjectStore } from '../../src/object-store/contract.ts';
import { createLocalObjectStore } from '../../src/object-store/rgw/local.ts';
import { PLATFORM_TEAM, STORE } from '../../src/object-store/rgw/place.ts';
import { createStore, readStore, type StoreRow } from '../../src/object-store/rgw/row.ts';
import type { S3Config } from '../../src/s3-config.ts';
import { createTestDatabase, type TestDatabase } from '../database.ts';
import { freePort, waitFor } from '../harness.ts';
import { createTestIncus, fromTestRun } from '../incus.ts';
import { slice } from '../slice.ts';

/** GiB of a store that a test can fill. */
const SMALL_GB = 1;

/** The install's own object store, on the Incus of the test run. It has one place there, so one test file makes it. */
export class StoreWorld {
  plane!: DataPlane;
  store!: ObjectStore;
  database!: TestDatabase;
  authority!: KeyedCertificate;
  /** For requests without the SDK. */
  dispatcher!: Agent;
  port = 0;
  #incus!: IncusClient;
  readonly #sizeGb: number;
  readonly secrets: SecretBox = createSecretBox(randomBytes(32));

  constructor(sizeGb = SMALL_GB) {
    this.#sizeGb = sizeGb;
  }

  async open(): Promise<void> {
    const log = createLog(process.env.DANUBE_TEST_LOG ?? 'silent');
    this.plane = createTestIncus(log);
    this.database = await createTestDatabase();
    await migrate(this.database.db);
    this.authority = await createAuthority('test authority');
    this.port = await freePort();
    this.dispatcher = new Agent({ connect: { ca: this.authority.certificate } });
    this.#incus = new IncusClient({ socketPath: fromTestRun('DANUBE_TEST_INCUS_SOCKET') });
    await createStore(this.database, this.secrets, slice.pools, this.#sizeGb);
    const { credentials } = (await readStore(this.database.db, this.secrets))!;
    // So that the gateway can stand for one of an operator's as well.
    const plain = this.secrets.seal(JSON.stringify({ ...credentials, adminEntry: 'admin' }));
    await this.database.pool.query('update object_store set credentials_sealed = $1', [plain]);
    this.start({});
    await this.store.ensureReady(() => undefined);
  }

  /** Serves the store as a server with these settings does. */
  start(changes: Partial<S3Config>): void {
    const { s3 } = readConfig({ DANUBE_S3_PORT: String(this.port) });
    this.store = createLocalObjectStore({
      s3: { ...s3, sizeGb: this.#sizeGb, ...changes },
      database: this.database,
      secrets: this.secrets,
      plane: this.plane,
      pools: slice.pools,
      authority: async () => this.authority,
      publicAddress: '127.0.0.1',
      installId: fromTestRun('DANUBE_TEST_INSTALL_ID'),
      serves: true,
      log: createLog(process.env.DANUBE_TEST_LOG ?? 'silent'),
    });
  }

  /** The same store, after a restart of the server with these settings. Resolves when it is as they say. */
  async restart(changes: Partial<S3Config>): Promise<void> {
    const { generation } = (await readStore(this.database.db, this.secrets))!;
    await this.store.close();
    this.start(changes);
    await waitFor(
      'the instance to be replaced',
      async () => {
        const row = await readStore(this.database.db, this.secrets);
        const present = await this.plane.describeInstance(STORE);
        return row!.generation > generation && present?.generation === row!.generation;
      },
      600,
    );
    await this.plane.waitForService(STORE, 300);
  }

  async close(): Promise<void> {
    await this.store?.close();
    await this.plane?.removeInstance(STORE);
    await this.plane?.removeTenant(PLATFORM_TEAM);
    await this.#incus?.close();
    await this.dispatcher?.close();
    await this.plane?.close();
    await this.database?.drop();
  }

  /** Asks the port of the store as a browser does, by that name of a host. */
  get(host: string, path: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const options = { host, path, port: this.port, ca: this.authority.certificate, lookup: thisHost };
      const asked = request(options, async (answer) => {
        const parts: Buffer[] = [];
        for await (const part of answer) parts.push(part as Buffer);
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString() });
      });
      asked.once('error', reject);
      asked.end();
    });
  }

  /** What only the platform knows of the store. */
  async row(): Promise<StoreRow> {
    const row = await readStore(this.database.db, this.secrets);
    if (!row) throw new Error('There is no object store.');
    return row;
  }

  /** Runs a command in the store's instance, or another one, as root. */
  inside(
    command: readonly string[],
    { teamId, name } = STORE,
  ): Promise<{ status: number; stdout: string; stderr: string }> {
    const project = projectName(fromTestRun('DANUBE_TEST_INSTALL_ID'), teamId);
    const path = `/1.0/instances/${name}`;
    return this.#incus.execRecorded(path, command, 100_000, { query: { project } });
  }

  /** Ends a daemon, or the whole instance, as a loss of power does. */
  async kill(what: string): Promise<void> {
    if (what === 'instance') return this.plane.ensureStopped(STORE, 0);
    const { status, stderr } = await this.inside(['pkill', '-KILL', '-f', `^${what} `]);
    if (status !== 0) throw new Error(`${what} was not killed: ${stderr}`);
  }

  /** The SDK as a customer sets it up, who has saved the certificate of the authority. Null: an anonymous client. */
  client(credentials: S3ClientConfig['credentials'] | null, changes: Partial<S3ClientConfig> = {}): S3Client {
    const anonymous = {
      credentials: { accessKeyId: 'nobody', secretAccessKey: 'nothing' },
      signer: { sign: async <T>(request: T): Promise<T> => request },
    };
    return new S3Client({
      endpoint: this.store.access.url ?? '',
      region: this.store.access.region,
      forcePathStyle: true,
      requestHandler: {
        httpsAgent: new HttpsAgent({
          ca: this.authority.certificate,
          keepAlive: true,
          maxSockets: 16,
          lookup: thisHost,
        }),
      },
      ...(credentials ? { credentials } : anonymous),
      ...changes,
    } as S3ClientConfig);
  }
}

/** Domains of tests are known to nobody else. */
const thisHost: LookupFunction = (_name, { all }, callback) =>
  all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);
