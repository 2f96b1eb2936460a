import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database } from '../../db/database.ts';
import type { AddressPools } from '../../instances/addresses.ts';
import { ensureWithVolume } from '../../instances/volumes.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import type { Progress } from '../../lib/progress.ts';
import type { StoreNames } from './guest-settings.ts';
import { PLATFORM_TEAM, STORE, storeFirewall, storeSpec, volumeGbOf } from './place.ts';
import { createStore, growStore, noteUsage, readStore, type StoreRow, type StoreUsage } from './row.ts';

/** Seconds until Ceph answers, from nothing: about 20 on a quiet machine. */
const READY_SECONDS = 300;
const GB = 1024 ** 3;
/** The store gets this share of the storage pool by default, and at least this many GiB. */
const SHARE = 0.5;
const LEAST_GB = 10;

export interface ApplianceOptions {
  database: Database;
  secrets: SecretBox;
  plane: DataPlane;
  pools: AddressPools;
  names: StoreNames;
  /** GiB that objects may take; null: half of the storage pool. */
  sizeGb: number | null;
}

/** The instance in which this install runs its object store. */
export class Appliance {
  readonly #options: ApplianceOptions;
  #making = 0;

  constructor(options: ApplianceOptions) {
    this.#options = options;
  }

  /** What the database knows of the store; null before there is one. */
  find(): Promise<StoreRow | null> {
    return readStore(this.#options.database.db, this.#options.secrets);
  }

  /** Whether this process is at work on {@link ensure}. */
  get isBeingMade(): boolean {
    return this.#making > 0;
  }

  /** Makes the store where it is missing, or what is missing of it, and returns once it answers. Idempotent. */
  async ensure(progress?: Progress): Promise<StoreRow> {
    this.#making += 1;
    try {
      return await this.#make(progress);
    } finally {
      this.#making -= 1;
    }
  }

  async #make(progress?: Progress): Promise<StoreRow> {
    const { plane } = this.#options;
    const row = await this.#ensureRow();
    const spec = storeSpec(row, this.#options.names);
    await plane.ensureImage(spec.image, progress);
    progress?.('Starting the object store', 70);
    await plane.ensureTenant({ teamId: PLATFORM_TEAM, network: row.network });
    await plane.ensureFirewalls(PLATFORM_TEAM, [storeFirewall(row)]);
    await ensureWithVolume(plane, spec, volumeGbOf(row));
    progress?.('Waiting for the object store', 80);
    await plane.waitForService(STORE, READY_SECONDS);
    return row;
  }

  /** Starts the instance again where it does not run, and makes it again where it is gone. */
  async keepUp(): Promise<void> {
    const present = await this.#options.plane.describeInstance(STORE);
    if (!present) await this.ensure();
    else if (present.power === 'stopped' || present.power === 'frozen') {
      await this.#options.plane.ensureRunning(STORE);
    }
  }

  /** Asks how full its disk is, and notes it for all processes of the install. */
  async observe(): Promise<StoreUsage> {
    const said = JSON.parse(await this.#options.plane.control(STORE, 'metrics'));
    const usage = { totalBytes: Number(said.total_bytes), usedBytes: Number(said.used_bytes) };
    await noteUsage(this.#options.database.db, usage);
    return usage;
  }

  async #ensureRow(): Promise<StoreRow> {
    const { database, secrets, pools, sizeGb } = this.#options;
    if (!(await this.find())) await createStore(database, secrets, pools, await this.#initialSizeGb());
    else if (sizeGb !== null) await growStore(database.db, sizeGb);
    const row = await this.find();
    if (!row) throw new Error('The row of the object store is gone.');
    return row;
  }

  async #initialSizeGb(): Promise<number> {
    if (this.#options.sizeGb !== null) return this.#options.sizeGb;
    const { pool } = await this.#options.plane.describeCapacity();
    return Math.max(LEAST_GB, Math.floor((pool.totalBytes / GB) * SHARE));
  }
}
