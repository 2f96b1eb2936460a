/**
 * Plays a customer whose server is killed again and again, and whose instances and bucket break, and checks that exactly the right
 * events, deliveries, notifications and alerts came.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Answer, Call } from './client.ts';
import { customerOf, type Kind } from './customer.ts';
import { type Crashable, createCrashable } from './faults.ts';
import { keepStill, waitFor } from './harness.ts';
import { makeBucket } from './object-storage.ts';
import type { ServerProcess } from './processes.ts';
import { tellingsOf } from './told.ts';
import { type Sink, startSink } from './webhook-sink.ts';

const KINDS: readonly Kind[] = ['vps', 'database', 'cache'];
const LIFE = ['requested', 'created', 'requested', 'stopped', 'requested', 'started'];
/** How an instance of each kind breaks while no server watches, and what is told of it. */
const BREAKS = {
  vps: ['deleteBehindOurBack', 'missing'],
  database: ['breakInstance', 'broken'],
  cache: ['stopFromInside', 'stopped_from_inside'],
} as const;
/** The same of a bucket, which is lost. */
const LIFE_OF_BUCKET = ['requested', 'created', 'requested', 'updated', 'missing', 'requested', 'deleted'];

describe('what a customer is told', () => {
  let test: Crashable;
  let sink: Sink;
  let server: ServerProcess;
  let letReconcile: () => Promise<void> = async () => {};
  const call: Call = (...request) => test.client(server)(...request);
  const customer = customerOf(call);
  let events: ReturnType<typeof tellingsOf>['events'];
  let assertTold: ReturnType<typeof tellingsOf>['assertTold'];
  before(async () => {
    sink = await startSink();
    ({ events, assertTold } = tellingsOf(call, sink));
    test = await createCrashable({ environment: { DANUBE_WEBHOOK_TARGETS: 'any' } });
    // It must not find an instance stopped before its operation has begun to start it.
    letReconcile = await keepStill(test.database, ['instances', 'buckets']);
    server = await test.start();
    await call('PUT', '/webhooks/config', { webhook_url: sink.url });
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

  /** Sends requests at once, and kills the server as soon as it has answered. The next one must carry them out. */
  async function askAndKill(...requests: Promise<Answer>[]): Promise<void> {
    const asked = await Promise.all(requests);
    await kill();
    server = await test.start();
    for (const answer of asked) assert.equal((await customer.ended(answer)).state, 'succeeded');
  }

  it('is everything, once and in order, while servers are killed and instances break', async () => {
    const bucket = await makeBucket(call, 'told');
    const ids = await Promise.all(KINDS.map((kind) => customer.running(kind)));
    const ofEach = (method: string, action = '') =>
      ids.map((id, index) => call(method, `/${KINDS[index]}/${id}${action}`));
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
    await askAndKill(
      ...ofEach('POST', '/stop'),
      call('PUT', `/storage/buckets/${bucket.id}`, { public_access: true }),
    );
    await askAndKill(...ofEach('POST', '/start'));

    await kill();
    const { teamId } = test.team;
    await test.inspect(async ({ drift }, objects) => {
      objects.drift.removeBucket(bucket.minio_bucket_name);
      for (const [index, kind] of KINDS.entries())
        drift[BREAKS[kind][0]]({ teamId, name: `${kind}-${ids[index]}` });
    });
    await letReconcile();
    letReconcile = async () => {};
    server = await test.start();
    const noticed = (id: string, type: string) =>
      waitFor(type, async () => (await events(`resource_id=${id}&type=${type}`)).length > 0);
    await noticed(bucket.id, 'bucket.missing');
    for (const [index, kind] of KINDS.entries()) await noticed(ids[index]!, `${kind}.${BREAKS[kind][1]}`);
    await askAndKill(...ofEach('DELETE'), call('DELETE', `/storage/buckets/${bucket.id}`));

    await assertTold(
      bucket.id,
      LIFE_OF_BUCKET.map((what) => `bucket.${what}`),
    );

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
