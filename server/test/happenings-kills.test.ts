/**
 * Plays a customer whose server is killed again and again, and whose instances break, and checks that exactly the right events,
 * deliveries, notifications and alerts came.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Answer, Call } from './client.ts';
import { customerOf, type Kind } from './customer.ts';
import { type Crashable, createCrashable } from './faults.ts';
import { keepStill, waitFor } from './harness.ts';
import type { ServerProcess } from './processes.ts';
import { type Sink, startSink } from './webhook-sink.ts';

const KINDS: readonly Kind[] = ['vps', 'database', 'cache'];
const LIFE = ['requested', 'created', 'requested', 'stopped', 'requested', 'started'];
/** How an instance of each kind breaks while no server watches, and what is told of it. */
const BREAKS = {
  vps: ['deleteBehindOurBack', 'missing'],
  database: ['breakInstance', 'broken'],
  cache: ['stopFromInside', 'stopped_from_inside'],
} as const;

describe('what a customer is told', () => {
  let test: Crashable;
  let sink: Sink;
  let server: ServerProcess;
  let letReconcile: () => Promise<void> = async () => {};
  const call: Call = (...request) => test.client(server)(...request);
  const customer = customerOf(call);
  before(async () => {
    sink = await startSink();
    test = await createCrashable({ environment: { DANUBE_WEBHOOK_TARGETS: 'any' } });
    // It must not find an instance stopped before its operation has begun to start it.
    letReconcile = await keepStill(test.database, ['instances']);
    server = await test.start();
  });
  after(async () => {
    await letReconcile();
    await test?.close();
    await sink?.close();
  });

  async function kill(): Promise<void> {
    server.child.kill('SIGKILL');
    await server.ended;
  }

  /** Asks for the same of each instance, and kills the server as soon as it has answered. */
  async function askAndKill(ids: readonly string[], action: string): Promise<void> {
    const asked: Answer[] = await Promise.all(
      ids.map((id, index) => call('POST', `/${KINDS[index]}/${id}/${action}`)),
    );
    await kill();
    server = await test.start();
    for (const answer of asked) assert.equal((await customer.ended(answer)).state, 'succeeded');
  }

  const events = async (query: string): Promise<{ id: number; type: string; resource_id: string }[]> =>
    (await call('GET', `/events?limit=500&${query}`)).body.data;
  const notified = async (id: string): Promise<string[]> => {
    const { data } = (await call('GET', '/notifications?per_page=100')).body;
    return data
      .filter((one: { resource_id: string }) => one.resource_id === id)
      .map((one: { type: string }) => one.type)
      .toReversed();
  };
  /** Ids of the messages about a resource, in the order in which each came first: a kill may double one. */
  const delivered = (id: string): string[] => [
    ...new Set(
      sink.received
        .filter(({ json }) => json.data.resource_id === id)
        .map(({ headers }) => String(headers['webhook-id'])),
    ),
  ];

  /** Checks what was told of a resource. */
  async function assertTold(id: string, types: readonly string[]): Promise<void> {
    const happened = await events(`resource_id=${id}`);
    assert.deepEqual(
      happened.map(({ type }) => type),
      types,
    );
    await waitFor('all deliveries', async () => delivered(id).length >= types.length);
    assert.deepEqual(
      delivered(id),
      happened.map((one) => `evt_${one.id}`),
    );
    const told = types.filter((type) => !/\.requested$|^alert\.created$/.test(type));
    await waitFor('all notifications', async () => (await notified(id)).length >= told.length);
    assert.deepEqual(await notified(id), told);
  }

  it('is everything, once and in order, while servers are killed and instances break', async () => {
    await call('PUT', '/webhooks/config', { webhook_url: sink.url });
    const ids = await Promise.all(KINDS.map((kind) => customer.running(kind)));
    const alerts = await Promise.all(
      ids.map(async (resource_id, index) => {
        const answer = await call('POST', '/metric-alerts', {
          resource_type: KINDS[index],
          resource_id,
          metric_type: 'memory_usage',
          comparison_operator: 'gte',
          threshold_value: 0,
          duration_minutes: 0,
        });
        assert.equal(answer.status, 201, JSON.stringify(answer.body));
        return answer.body.alert.id as string;
      }),
    );
    const fired = () => events('type=alert.fired');
    await waitFor('the alerts to fire', async () => (await fired()).length >= alerts.length);
    await askAndKill(ids, 'stop');
    await askAndKill(ids, 'start');

    await kill();
    const { teamId } = test.team;
    await test.inspect(async ({ drift }) => {
      for (const [index, kind] of KINDS.entries())
        drift[BREAKS[kind][0]]({ teamId, name: `${kind}-${ids[index]}` });
    });
    await letReconcile();
    letReconcile = async () => {};
    server = await test.start();
    for (const [index, kind] of KINDS.entries()) {
      const type = `${kind}.${BREAKS[kind][1]}`;
      await waitFor(type, async () => (await events(`resource_id=${ids[index]}&type=${type}`)).length > 0);
    }
    const gone = await Promise.all(ids.map((id, index) => call('DELETE', `/${KINDS[index]}/${id}`)));
    await kill();
    server = await test.start();
    for (const answer of gone) assert.equal((await customer.ended(answer)).state, 'succeeded');

    for (const [index, kind] of KINDS.entries()) {
      const life = [...LIFE, BREAKS[kind][1], 'requested', 'deleted'];
      await assertTold(
        ids[index]!,
        life.map((what) => `${kind}.${what}`),
      );
      await assertTold(alerts[index]!, ['alert.created', 'alert.fired', 'alert.resolved']);
    }
  });
});
