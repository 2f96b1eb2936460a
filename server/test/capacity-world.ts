import assert from 'node:assert/strict';
import { rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'node:test';
import { capacityObserver } from '../src/instances/capacity.ts';
import { createLog } from '../src/lib/log.ts';
import { type Answer, type Call, clientOf, newVps } from './client.ts';
import { customerOf } from './customer.ts';
import { findInconsistencies } from './faults.ts';
import { startTestApp, type TestApp, testConfig } from './harness.ts';

export const GIB = 1024 ** 3;

const config = testConfig();

/** A server on a simulated host whose size the tests set. The helpers may be destructured. */
export class CapacityWorld {
  /** The server of the current test. */
  test!: TestApp;
  #call!: Call;
  /** A link to where the database is stored, as far as the server knows. */
  readonly #databaseFolder = path.join(os.tmpdir(), `danube-capacity-${process.pid}`);

  async open(): Promise<void> {
    // The tests update the capacity themselves. An automatic pass would overwrite what they set.
    await this.emptyDatabaseDisk();
    this.test = await startTestApp({ config, databaseFolder: this.#databaseFolder, still: ['capacity'] });
    this.#call = clientOf(this.test.app.url!, this.test.team.token);
  }

  async close(): Promise<void> {
    const found = await findInconsistencies(this.test.database, this.test.plane);
    await this.test.close();
    await rm(this.#databaseFolder, { force: true });
    assert.deepEqual(found, []);
  }

  call: Call = (...request) => this.#call(...request);

  /** Sets the memory for instances and the size of the pool, and lets Danube read them. */
  host = async (memoryMb: number, poolGb: number, freeGb = poolGb): Promise<void> => {
    this.test.plane.setCapacity({
      memoryMb: memoryMb + config.capacity.memoryReserveMb,
      pool: { totalBytes: poolGb * GIB, freeBytes: freeGb * GIB },
    });
    await this.observe();
  };

  observe = (): Promise<void> =>
    capacityObserver(this.test.database, this.test.plane, config.capacity, createLog('silent')).run();

  /** As if nothing were free where the database is: in /proc, nothing ever is. */
  fillDatabaseDisk = (): Promise<void> => this.#store('/proc');

  emptyDatabaseDisk = (): Promise<void> => this.#store(os.tmpdir());

  async #store(folder: string): Promise<void> {
    await rm(this.#databaseFolder, { force: true });
    await symlink(folder, this.#databaseFolder);
  }

  /** Sets the storage quota of all teams. */
  quota = async (gb: number): Promise<void> => {
    const quotas = JSON.stringify({ vps: 100, storage_gb: gb });
    await this.test.database.pool.query('update teams set quotas = $1', [quotas]);
  };

  #customer = customerOf((...request) => this.call(...request));
  ended = this.#customer.ended;
  create = this.#customer.running;

  /** What is promised to instances, in MB of memory and GB of disk. */
  promised = async (): Promise<{ memory: number; disk: number }> => {
    const { rows } = await this.test.database.pool.query(
      'select memory_promised_mb as memory, disk_promised_gb as disk from capacity',
    );
    return rows[0];
  };
}

/** Gives each test of a suite a server of its own. */
export function eachWithCapacity(): CapacityWorld {
  const world = new CapacityWorld();
  beforeEach(() => world.open());
  afterEach(() => world.close());
  return world;
}

/** A request for the smallest VPS: 1 GB of memory, 20 GB of disk. */
export const pico = (name = 'small') => newVps({ name, resource_profile: 'pico_shared' });

export function refused(answer: Answer, status: number, code: string, message: RegExp): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body));
  assert.match(answer.body.message, message);
}
