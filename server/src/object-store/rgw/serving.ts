import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database } from '../../db/database.ts';
import { poolState } from '../../instances/capacity.ts';
import { logFailure } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import type { KeyedCertificate } from '../../lib/pki.ts';
import type { S3Config } from '../../s3-config.ts';
import type { Appliance } from './appliance.ts';
import type { BucketKeys } from './bucket-keys.ts';
import type { GatewayClient } from './client.ts';
import { sizeOfSource } from './copies.ts';
import { FRONT_GRACE, FrontProcess } from './front-process.ts';
import { createKeyService } from './key-service.ts';
import { PLATFORM_TEAM } from './place.ts';
import { GATEWAY_PORT, gatewayAddress, isMade, KEYS_PORT, type StoreRow } from './row.ts';

export interface ServingOptions {
  appliance: Appliance;
  database: Database;
  plane: DataPlane;
  keys: BucketKeys;
  s3: S3Config;
  /** The certificate, where it has changed since the last call. */
  certificate(): Promise<KeyedCertificate | null>;
  /** Throws `unreachable` while there is no gateway. */
  client(): Promise<GatewayClient>;
  log: Log;
}

/** Milliseconds between two looks, and looks between two that cost more. */
const INTERVAL = 2_000;
const SLOW_EVERY = 5;
/** Share of the disk that may be written. The rest is for what deleting needs, and for Ceph, which stops at 96 %. */
const WRITABLE = 0.9;

/**
 * What this process does for the object store of the install, once there is one: it ends TLS for customers, gives keys to
 * the gateway, and looks after the instance. Each step is repeated until it works: addresses come with the network, and a
 * port may be that of a process which ends.
 */
export class Serving {
  readonly #options: ServingOptions;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #looking: Promise<void> = Promise.resolve();
  #care: Promise<void> = Promise.resolve();
  #caring = false;
  #row: StoreRow | null = null;
  #certificate: KeyedCertificate | null = null;
  #front: FrontProcess | null = null;
  #keyService: Server | null = null;
  /** Bytes that were let in since the disk was last asked, and whether the pool has room. */
  #letIn = 0;
  #poolHasRoom = true;
  #complained = '';

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#loop, this.#front?.close(FRONT_GRACE)]);
    // After the front: requests in progress need their keys.
    await close(this.#keyService);
    await Promise.race([this.#care, delay(FRONT_GRACE, undefined, { ref: false })]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let pass = 0; !signal.aborted; pass += 1) {
      await this.look(pass % SLOW_EVERY === 0);
      await delay(INTERVAL, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** One look, after those before it. `slow`: also what needs programs. What fails is tried again with the next one. */
  look(slow: boolean): Promise<void> {
    this.#looking = this.#looking
      .then(() => this.#look(slow))
      .finally(() => this.#tellFront())
      .then(
        () => {
          this.#complained = '';
        },
        (error: unknown) => this.#complain(error, 'the object store is not served as it should be'),
      );
    return this.#looking;
  }

  async #look(slow: boolean): Promise<void> {
    const { appliance } = this.#options;
    this.#row = await appliance.find();
    if (!this.#row) return;
    await this.#serveCustomers();
    // The ports and addresses are there when the instance is.
    if (appliance.isBeingMade) return;
    if (slow && !this.#caring) {
      this.#caring = true;
      this.#care = this.#lookAfter().finally(() => {
        this.#caring = false;
      });
    }
    await this.#serveKeys(this.#row);
    if (slow) await this.#openPorts();
  }

  /** Sees that it runs, and how full it is. May take minutes, where the instance has to be made again. */
  async #lookAfter(): Promise<void> {
    const { appliance, database, plane } = this.#options;
    try {
      this.#poolHasRoom =
        (await plane.findWriteRefusal()) === null && ['ok', 'unknown'].includes(await poolState(database.db));
      await appliance.keepUp();
      const usage = await appliance.observe();
      if (this.#row && usage) this.#row = { ...this.#row, ...usage };
      this.#letIn = 0;
      this.#tellFront();
    } catch (error) {
      this.#complain(error, 'the object store does not answer');
    }
  }

  /** Once for each reason in a row: it is tried again in two seconds. */
  #complain(error: unknown, message: string): void {
    const reason = String(error);
    if (reason === this.#complained || this.#stopping.signal.aborted) return;
    this.#complained = reason;
    // An address that is not there yet, or is still in use, is nothing but a matter of time.
    const passes = ['EADDRNOTAVAIL', 'EADDRINUSE'].includes((error as NodeJS.ErrnoException).code ?? '');
    if (passes) this.#options.log.warn({ err: error }, message);
    else logFailure(this.#options.log, error, message);
  }

  async #serveCustomers(): Promise<void> {
    const { s3, certificate } = this.#options;
    const renewed = await certificate();
    if (renewed) this.#certificate = renewed;
    if (this.#front && renewed) this.#front.renew(renewed);
    if (this.#front || !this.#certificate) return;
    this.#front = await FrontProcess.start({
      port: s3.port,
      certificate: this.#certificate,
      letIn: (bytes) => {
        this.#letIn += bytes;
      },
      sizeOf: async (source) => {
        const client = await this.#options.client();
        return this.#row ? sizeOfSource(client, this.#row.credentials, source) : 0;
      },
      ended: (how) => {
        this.#front = null;
        if (this.#stopping.signal.aborted) return;
        this.#complain(
          new Error(`its process ended with ${how}`),
          'the front of the object store is started again',
        );
        void this.look(false);
      },
    });
  }

  /** Passes on to the front what it has to know. */
  #tellFront(): void {
    const row = this.#row;
    // Without keys, the gateway would refuse what is encrypted with errors that clients do not try again after.
    const isServed = row !== null && isMade(row) && this.#keyService !== null;
    this.#front?.update({
      upstream: isServed
        ? {
            host: gatewayAddress(row),
            port: GATEWAY_PORT,
            adminEntry: row.credentials.adminEntry,
            domain: this.#options.s3.domain,
          }
        : null,
      room: this.#room(),
    });
  }

  /** Bytes that may still be written; null: not known. */
  #room(): number | null {
    const { totalBytes = null, usedBytes = null } = this.#row ?? {};
    if (!this.#poolHasRoom) return -1;
    if (totalBytes === null || usedBytes === null) return null;
    return WRITABLE * totalBytes - usedBytes - this.#letIn;
  }

  /** Whether the store has room for so many bytes more. */
  hasRoomFor(bytes: number): boolean {
    const room = this.#room();
    return room === null || bytes <= room;
  }

  /** Counts bytes that were sent to the store, until its disk is asked again. */
  letIn(bytes: number): void {
    this.#letIn += bytes;
    this.#tellFront();
  }

  async #serveKeys({ credentials, network }: StoreRow): Promise<void> {
    if (this.#keyService) return;
    const server = createKeyService(this.#options.keys, credentials.keysToken, this.#options.log);
    await listen(server, KEYS_PORT, network.ipv4.gateway);
    this.#keyService = server;
  }

  async #openPorts(): Promise<void> {
    await this.#options.plane.ensureHostPorts([
      { port: this.#options.s3.port, teamId: 'all' },
      { port: KEYS_PORT, teamId: PLATFORM_TEAM },
    ]);
  }
}

function listen(server: Server, port: number, host?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function close(server: Server | null): Promise<void> {
  if (!server) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  (server as Server & { closeAllConnections?(): void }).closeAllConnections?.();
  await closed;
}
