/** Plays a customer, and checks that exactly the right events, deliveries and notifications came, once and in order. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DataPlaneError } from '../src/dataplane/contract/errors.ts';
import type { Answer } from './client.ts';
import { clientOf } from './client.ts';
import { customerOf, type Kind, NEW } from './customer.ts';
import { startTestApp, type TestApp, testConfig, waitFor } from './harness.ts';
import { type Sink, startSink } from './webhook-sink.ts';

const KINDS: readonly Kind[] = ['vps', 'database', 'cache'];

/** What happens to an instance of each kind, as far as all kinds have it; `|` is where the server is stopped. */
const TOLD = [
  'requested',
  'created',
  'requested',
  'stopped',
  'requested',
  'started',
  'requested',
  'stopped',
  'requested',
  'deleted',
];
/** Nobody is notified of a request. */
const NOTIFIED = TOLD.filter((what) => what !== 'requested');

describe('what a customer is told', () => {
  let test: TestApp;
  let sink: Sink;
  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    clientOf(test.app.url!, test.team.token)(method, path, body);
  const customer = customerOf(call);
  before(async () => {
    sink = await startSink();
    // The reconciler might find an instance stopped before its operation has begun to start it.
    test = await startTestApp({
      config: testConfig({ DANUBE_WEBHOOK_TARGETS: 'any' }),
      still: ['instances'],
    });
    await call('PUT', '/webhooks/config', { webhook_url: sink.url });
  });
  after(async () => {
    await test?.close();
    await sink?.close();
  });

  const events = async (id: string): Promise<{ id: number; type: string }[]> =>
    (await call('GET', `/events?resource_id=${id}&limit=500`)).body.data;
  const notifications = async (id: string): Promise<string[]> => {
    const { data } = (await call('GET', '/notifications?per_page=100')).body;
    const mine = data.filter((one: { resource_id: string }) => one.resource_id === id);
    return mine.map((one: { type: string }) => one.type).toReversed();
  };
  const deliveries = (id: string) => sink.received.filter(({ json }) => json.data.resource_id === id);

  it('is that a creation failed, and why', async () => {
    const off = test.plane.faults.before((verb) => {
      if (verb === 'ensureInstance') throw new DataPlaneError('no_capacity', 'The host is full.');
    });
    try {
      const answers = await Promise.all(KINDS.map((kind) => call('POST', `/${kind}`, NEW[kind]())));
      for (const [index, answer] of answers.entries()) {
        const kind = KINDS[index]!;
        assert.equal((await customer.ended(answer)).state, 'failed');
        const { id } = answer.body.instance;
        const told = [`${kind}.requested`, `${kind}.failed`];
        assert.deepEqual(
          (await events(id)).map(({ type }) => type),
          told,
        );
        await waitFor('the delivery', async () => deliveries(id).length >= told.length);
        assert.deepEqual(
          deliveries(id).map(({ json }) => json.type),
          told,
        );
        await waitFor('the notification', async () => (await notifications(id)).length > 0);
        assert.deepEqual(await notifications(id), [`${kind}.failed`]);
      }
    } finally {
      off();
    }
  });

  it('is everything, once and in order, for each kind of instance, also while servers come and go', async () => {
    const kinds = KINDS;
    const ids = await Promise.all(kinds.map((kind) => customer.running(kind)));
    const all = (action: 'stop' | 'start') =>
      Promise.all(
        kinds.map((kind, index) => customer.succeeds(call('POST', `/${kind}/${ids[index]}/${action}`))),
      );
    await all('stop');
    await test.restart();
    await all('start');
    // Asked of one server, and done by the next one.
    const asked = await Promise.all(kinds.map((kind, index) => call('POST', `/${kind}/${ids[index]}/stop`)));
    await test.restart();
    await Promise.all(asked.map((answer) => customer.ended(answer)));
    const gone = await Promise.all(kinds.map((kind, index) => call('DELETE', `/${kind}/${ids[index]}`)));
    await Promise.all(gone.map((answer) => customer.ended(answer)));

    for (const [index, kind] of kinds.entries()) {
      const id = ids[index]!;
      const typesOf = (list: readonly string[]) => list.map((what) => `${kind}.${what}`);
      const happened = await events(id);
      assert.deepEqual(
        happened.map(({ type }) => type),
        typesOf(TOLD),
      );
      const sent = await waitFor(
        'all deliveries',
        async () => deliveries(id).length >= TOLD.length && deliveries(id),
      );
      assert.deepEqual(
        sent.map(({ json }) => json.type),
        typesOf(TOLD),
      );
      assert.deepEqual(
        sent.map(({ headers }) => headers['webhook-id']),
        happened.map((one) => `evt_${one.id}`),
      );
      await waitFor('all notifications', async () => (await notifications(id)).length >= NOTIFIED.length);
      assert.deepEqual(await notifications(id), typesOf(NOTIFIED));
    }
  });
});
