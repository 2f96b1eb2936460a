import { after, before } from 'node:test';
import { SERVICE_IMAGES } from '../src/images/recipes.ts';
import { CustomerWorld } from './customer.ts';

/** A server for tests of databases. The helpers may be destructured. */
export class DatabaseWorld extends CustomerWorld {
  override async open(): Promise<void> {
    await super.open();
    // Parameters are known once the images are built.
    for (const image of SERVICE_IMAGES) await this.test.plane.ensureImage(image);
  }

  ended = this.customer.ended;
  show = (id: string) => this.customer.show('database', id);
  settled = (id: string, status: string) => this.customer.settled('database', id, status);
  /** Creates a database and waits until it is running; returns its id. */
  running = (changes: Record<string, unknown> = {}) => this.customer.running('database', changes);

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
