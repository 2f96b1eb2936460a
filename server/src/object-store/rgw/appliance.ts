import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database } from '../../db/database.ts';
import { OBJECT_STORE_IMAGE } from '../../images/appliance-recipe.ts';
import type { AddressPools } from '../../instances/addresses.ts';
import { ensureWithVolume } from '../../instances/volumes.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import type { Progress } from '../../lib/progress.ts';
import type { StoreNames } from './guest-settings.ts';
import { originOf, PLATFORM_TEAM, STORE, storeFirewall, storeSpec, volumeGbOf } from './place.ts';
import {
  beginGeneration,
  createStore,
  growStore,
  noteUsage,
  readStore,
  type StoreRow,
  type StoreUsage,
} from './row.ts';

/** Seconds until Ceph answers, from nothing: about 20 on a quiet machine. */
const READY_SECONDS = 300;
/** Seconds in which Ceph ends by itself: one or two. */
const STOP_SECONDS = 60;
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
  #last: Promise<void> = Promise.resolve();

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

  /**
   * Makes the store where it is missing, or what is missing of it, and returns once it answers. An instance of another
   * image, size or setting is replaced; its disk stays. Idempotent.
   */
  async ensure(progress?: Progress): Promise<StoreRow> {
    this.#making += 1;
    const made = this.#last.then(() => this.#make(progress));
    // One at a time: what one has just made, the next would stop.
    this.#last = made.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await made;
    } finally {
      this.#making -= 1;
    }
  }

  async #make(progress?: Progress): Promise<StoreRow> {
    const { plane, database, names } = this.#options;
    const wanted = await this.#ensureRow();
    // The old one serves while the image is built.
    await plane.ensureImage(OBJECT_STORE_IMAGE, progress);
    progress?.('Starting the object store', 70);
    await plane.ensureTenant({ teamId: PLATFORM_TEAM, network: wanted.network });
    await plane.ensureFirewalls(PLATFORM_TEAM, [storeFirewall(wanted)]);
    // After its network: see `isMade`.
    await beginGeneration(database.db, originOf(wanted, names));
    const row = (await this.find()) ?? wanted;
    const present = await plane.describeInstance(STORE);
    // In good order, so that the next one has nothing to recover.
    if (present && present.generation < row.generation) await plane.ensureStopped(STORE, STOP_SECONDS);
    await ensureWithVolume(plane, storeSpec(row, names), volumeGbOf(row));
    progress?.('Waiting for the object store', 80);
    await plane.waitForService(STORE, READY_SECONDS);
    return row;
  }

  /** Starts the instance again where it does not run, and makes it again where it is gone or not as it should be. */
  async keepUp(): Promise<void> {
    const row = await this.#ensureRow();
    const present = await this.#options.plane.describeInstance(STORE);
    const isAsWanted = row.madeFrom === originOf(row, this.#options.names);
    if (!present || !isAsWanted || present.generation < row.generation) await this.ensure();
    else if (present.power === 'stopped' || present.power === 'frozen') {
      await this.#options.plane.ensureRunning(STORE);
    }
  }

  /** Asks how full its disk is, and notes it for all processes of the install. Null: Ceph has not looked at it yet. */
  async observe(): Promise<StoreUsage | null> {
    const said = JSON.parse(await this.#options.plane.control(STORE, 'metrics'));
    const usage = { totalBytes: Number(said.total_bytes), usedBytes: Number(said.used_bytes) };
    if (usage.totalBytes === 0) return null;
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
