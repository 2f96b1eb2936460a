import assert from 'node:assert/strict';
import { type Answer, type Call, newCache, newDatabase, newVps } from './client.ts';
import { waitFor } from './harness.ts';

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
      const { data } = (await call('GET', `/operations/${answer.body.operation_id}`)).body;
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
