import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { type Answer, type Call, clientOf, newCache, newDatabase, newVps } from './client.ts';
import { startTestApp, type TestApp, waitFor } from './harness.ts';

export type Kind = 'vps' | 'database' | 'cache';

/** A request that creates an instance of each kind. */
export const NEW = { vps: newVps, database: newDatabase, cache: newCache };

/** Helpers with which tests create instances, read them and wait for them, as a customer would. */
export function customerOf(call: Call) {
  const show = async (kind: Kind, id: string) => (await call('GET', `/${kind}/${id}`)).body.instance;

  const settled = (kind: Kind, id: string, status: string): Promise<unknown> =>
    waitFor(`${id} to be ${status}`, async () => (await show(kind, id))?.status === status);

  /** Waits until the operation of an accepted request has ended; returns the operation. */
  const ended = (answer: Answer) => {
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    return waitFor('the operation to end', async () => {
      const { data } = (await call('GET', `/operations/${answer.body.operation_id}?wait=60`)).body;
      return data.terminal && data;
    });
  };

  /** Sends a request whose operation must succeed; returns the answer to the request. */
  async function succeeds(request: Promise<Answer>): Promise<Answer> {
    const answer = await request;
    const operation = await ended(answer);
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation));
    return answer;
  }

  /** Creates an instance and waits until it is running; returns its id. */
  async function running(kind: Kind, changes: Record<string, unknown> = {}): Promise<string> {
    const created = await call('POST', `/${kind}`, NEW[kind](changes));
    assert.equal(created.status, 201, JSON.stringify(created.body));
    await settled(kind, created.body.instance.id, 'running');
    return created.body.instance.id;
  }

  return { show, settled, ended, succeeds, running };
}

/** A server, and a customer of it who may have a hundred instances of each kind. The helpers may be destructured. */
export class CustomerWorld {
  test!: TestApp;
  #call!: Call;

  async open(): Promise<void> {
    // It would take the failures that tests have ready for other questions to engines.
    this.test = await startTestApp({ still: ['metrics-details'] });
    this.#connect();
    await this.test.database.pool.query(
      `update teams set quotas = '{"vps": 100, "database": 100, "cache": 100}'`,
    );
  }

  /** Restarts the server; requests go to the new one. */
  async restart(): Promise<void> {
    await this.test.restart();
    this.#connect();
  }

  #connect(): void {
    this.#call = clientOf(this.test.app.url!, this.test.team.token);
  }

  call: Call = (...request) => this.#call(...request);
  customer = customerOf(this.call);
}

/** Starts one server for all tests of a suite. */
export function suiteWithCustomer(): CustomerWorld {
  const world = new CustomerWorld();
  before(() => world.open());
  after(() => world.test?.close());
  return world;
}
