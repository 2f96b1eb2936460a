import { after, before } from 'node:test';
import { SERVICE_IMAGES } from '../src/images/recipes.ts';
import { type Call, clientOf } from './client.ts';
import { customerOf } from './customer.ts';
import { startTestApp, type TestApp } from './harness.ts';

/** A server for tests of databases. The helpers may be destructured. */
export class DatabaseWorld {
  test!: TestApp;
  #call!: Call;

  async open(): Promise<void> {
    this.test = await startTestApp();
    this.#call = clientOf(this.test.app.url!, this.test.team.token);
    await this.test.database.pool.query(`update teams set quotas = '{"database": 100, "cache": 100}'`);
    // Parameters are known once the images are built.
    for (const image of SERVICE_IMAGES) await this.test.plane.ensureImage(image);
  }

  call: Call = (...request) => this.#call(...request);

  #customer = customerOf(this.call);
  ended = this.#customer.ended;
  show = (id: string) => this.#customer.show('database', id);
  settled = (id: string, status: string) => this.#customer.settled('database', id, status);
  /** Creates a database and waits until it is running; returns its id. */
  running = (changes: Record<string, unknown> = {}) => this.#customer.running('database', changes);

  /** The instance of a database in the data plane. */
  ref = (id: string) => ({ teamId: this.test.team.teamId, name: `database-${id}` });
}

/** Starts one server for all tests of a suite. */
export function suiteWithDatabases(): DatabaseWorld {
  const world = new DatabaseWorld();
  before(() => world.open());
  after(() => world.test?.close());
  return world;
}
