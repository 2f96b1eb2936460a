import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createApiClient } from '../../../test/api-client.ts';
import { type Answer, clientOf } from '../../../test/client.ts';
import { customerOf } from '../../../test/customer.ts';
import {
  createTeam,
  issueToken,
  startTestApp,
  type TestApp,
  testConfig,
  waitFor,
} from '../../../test/harness.ts';
import { startSink } from '../../../test/webhook-sink.ts';
import { MetricsUnavailable } from '../../metrics/contract.ts';
import { createSimMetricsStore } from '../../metrics/sim/store.ts';
import { type AlertState, type Condition, evaluate } from './conditions.ts';
import { addDefaultAlerts } from './defaults.ts';
import { evaluateAlerts } from './evaluator.ts';

describe('alerts', () => {
  const metrics = createSimMetricsStore();
  let test: TestApp;
  let vps: string;
  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    clientOf(test.app.url!, test.team.token)(method, path, body);
  before(async () => {
    test = await startTestApp({
      metrics,
      config: testConfig({ DANUBE_WEBHOOK_TARGETS: 'any' }),
      still: ['alerts', 'default-alerts', 'metrics'],
    });
    vps = await customerOf(call).running('vps', { name: 'web-1' });
  });
  after(() => test?.close());

  const newAlert = async (changes: Record<string, unknown> = {}) => {
    const answer = await call('POST', '/metric-alerts', {
      resource_type: 'vps',
      resource_id: vps,
      metric_type: 'memory_usage',
      comparison_operator: 'gt',
      threshold_value: 80,
      duration_minutes: 1,
      ...changes,
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.alert;
  };
  const show = async (id: string) => (await call('GET', `/metric-alerts/${id}`)).body.alert;
  const happenings = async (id: string) =>
    (await call('GET', `/metric-alerts/${id}/history`)).body.data.map(
      (one: { event_type: string }) => one.event_type,
    );
  const eventsOf = async (id: string) =>
    (await call('GET', `/events?resource_id=${id}&limit=500`)).body.data as {
      type: string;
      payload: Record<string, unknown>;
    }[];

  let now = Date.now();
  /** A round some seconds later, in which the server uses so much of its memory; null: nothing is measured. */
  async function round(percent: number | null, seconds = 15): Promise<void> {
    now += seconds * 1000;
    if (percent !== null) {
      const of = (series: string, value: number) => ({
        teamId: test.team.teamId,
        resource: vps,
        series,
        value,
        at: now,
      });
      await metrics.push([of('memory_used_bytes', percent), of('memory_limit_bytes', 100)]);
    }
    await evaluateAlerts(test.database, metrics, now);
  }

  it('fires after its time, ends with some distance, and is told once', async () => {
    const { id } = await newAlert({ name: 'Full' });
    await round(90);
    assert.deepEqual([(await show(id)).status, (await show(id)).consecutive_breaches], ['active', 1]);
    for (let turn = 0; turn < 4; turn++) await round(90);
    const fired = await show(id);
    assert.deepEqual([fired.status, fired.trigger_count, fired.last_metric_value], ['triggered', 1, 90]);
    assert.equal(fired.status_details.health, 'unhealthy');
    // Below the threshold, but not by 5 % of it.
    for (let turn = 0; turn < 8; turn++) await round(78);
    assert.equal((await show(id)).status, 'triggered');
    for (let turn = 0; turn < 5; turn++) await round(70);
    const over = await show(id);
    assert.deepEqual([over.status, over.trigger_count, over.enabled], ['resolved', 1, true]);
    assert.deepEqual(await happenings(id), ['resolved', 'triggered']);
    const events = await eventsOf(id);
    assert.deepEqual(
      events.map(({ type, payload }) => [type, payload.value, payload.resource_id]),
      [
        ['alert.fired', 90, vps],
        ['alert.resolved', 70, vps],
      ],
    );
    assert.equal((await call('DELETE', `/metric-alerts/${id}`)).status, 200);
    assert.equal((await call('GET', `/metric-alerts/${id}`)).status, 404);
  });

  it('is neither over nor fires while nothing is measured, and says so', async () => {
    const { id } = await newAlert({ duration_minutes: 0 });
    await round(95);
    assert.equal((await show(id)).status, 'triggered');
    for (let turn = 0; turn < 14; turn++) await round(null);
    const missed = await show(id);
    assert.equal(missed.status, 'triggered');
    assert.ok(missed.no_data_since);
    assert.match(missed.status_details.summary, /no data/);
    assert.deepEqual(await happenings(id), ['no_data', 'triggered']);
    await round(95);
    assert.equal((await show(id)).no_data_since, null);
    assert.deepEqual(await happenings(id), ['data_returned', 'no_data', 'triggered']);
    assert.equal((await eventsOf(id)).length, 1);
    await call('DELETE', `/metric-alerts/${id}`);
    assert.deepEqual(
      (await eventsOf(id)).map(({ type, payload }) => [type, payload.because]),
      [
        ['alert.fired', undefined],
        ['alert.resolved', 'deleted'],
      ],
    );
  });

  it('knows nothing while the store is away, and begins anew after a gap', async () => {
    const { id } = await newAlert();
    await round(90);
    const away = { ...metrics, query: () => Promise.reject(new MetricsUnavailable('away')) };
    await assert.rejects(evaluateAlerts(test.database, away, now + 15_000), /away/);
    assert.equal((await show(id)).no_data_since, null);
    await round(90, 600);
    assert.equal((await show(id)).status, 'active');
    await call('DELETE', `/metric-alerts/${id}`);
  });

  it('is changed and disabled while it fires, and is over then', async () => {
    const { id } = await newAlert({ duration_minutes: 0 });
    await round(90);
    const renamed = await call('PUT', `/metric-alerts/${id}`, {
      name: 'Other',
      notification_channels: ['mail'],
    });
    assert.deepEqual(
      [renamed.body.alert.status, renamed.body.alert.notification_channels],
      ['triggered', ['mail']],
    );
    // It stays with its metric; who sends back what was shown may send that.
    const moved = await call('PUT', `/metric-alerts/${id}`, {
      resource_type: 'vps',
      metric_type: 'processes',
    });
    assert.equal(moved.status, 422, JSON.stringify(moved.body));
    assert.deepEqual(Object.keys(moved.body.errors), ['metric_type']);
    const changed = await call('PUT', `/metric-alerts/${id}`, { threshold_value: 85 });
    assert.equal(changed.body.alert.status, 'active');
    await round(90);
    const toggled = await call('PATCH', `/metric-alerts/${id}/toggle`);
    assert.deepEqual([toggled.body.alert.status, toggled.body.alert.enabled], ['disabled', false]);
    await round(90);
    assert.equal((await show(id)).status, 'disabled');
    assert.equal((await call('PATCH', `/metric-alerts/${id}/toggle`)).body.alert.status, 'active');
    assert.deepEqual(await happenings(id), ['enabled', 'disabled', 'triggered', 'changed', 'triggered']);
    assert.deepEqual(
      (await eventsOf(id)).map(({ type, payload }) => [type, payload.because]),
      [
        ['alert.fired', undefined],
        ['alert.resolved', 'changed'],
        ['alert.fired', undefined],
        ['alert.resolved', 'disabled'],
      ],
    );
    await call('DELETE', `/metric-alerts/${id}`);
  });

  it('is told once, however many servers evaluate it, and where one is killed', async () => {
    const { id } = await newAlert({ duration_minutes: 0 });
    const at = now + 15_000;
    const of = (series: string, value: number) => ({
      teamId: test.team.teamId,
      resource: vps,
      series,
      value,
      at,
    });
    await metrics.push([of('memory_used_bytes', 99), of('memory_limit_bytes', 100)]);
    const dying = {
      ...test.database,
      transaction: (work: Parameters<typeof test.database.transaction>[0]) =>
        test.database.transaction(async (tx) => {
          await work(tx);
          throw new Error('killed');
        }),
    } as typeof test.database;
    await assert.rejects(evaluateAlerts(dying, metrics, at), /killed/);
    assert.equal((await show(id)).status, 'active');
    await Promise.all([1, 2, 3].map(() => evaluateAlerts(test.database, metrics, at)));
    assert.deepEqual(await happenings(id), ['triggered']);
    assert.equal((await eventsOf(id)).length, 1);
    now = at;
    await call('DELETE', `/metric-alerts/${id}`);
  });

  it('goes to the channels that it names, and to no others', async () => {
    const sink = await startSink();
    try {
      await call('PUT', '/webhooks/config', { webhook_url: sink.url });
      const [listed, sent] = [
        await newAlert({ duration_minutes: 0, notification_channels: ['database'] }),
        await newAlert({ duration_minutes: 0, notification_channels: ['webhook'] }),
      ];
      await round(90);
      await waitFor('the webhook', async () =>
        sink.received.some(({ json }) => json.data.resource_id === sent.id),
      );
      const inList = await waitFor('the notification', async () => {
        const { data } = (await call('GET', '/notifications?category=memory_threshold_exceeded')).body;
        return data.some((one: { resource_id: string }) => one.resource_id === listed.id) && data;
      });
      assert.ok(inList.every((one: { resource_id: string }) => one.resource_id !== sent.id));
      assert.ok(sink.received.every(({ json }) => json.data.resource_id !== listed.id));
      for (const { id } of [listed, sent]) await call('DELETE', `/metric-alerts/${id}`);
      await call('PUT', '/webhooks/config', { webhook_url: sink.url, webhook_enabled: false });
    } finally {
      await sink.close();
    }
  });

  it('belongs to what the token may do with its instance', async () => {
    const { id } = await newAlert();
    const as = async (scopes: Parameters<typeof issueToken>[2]) =>
      createApiClient(test.app.http, await issueToken(test.database.db, test.team, scopes));
    const reader = await as(['vps:read']);
    assert.equal((await reader('GET', `/metric-alerts/${id}`)).status, 200);
    assert.equal((await reader('PATCH', `/metric-alerts/${id}/toggle`)).body.required_scope, 'vps:write');
    const blind = await as(['database:read']);
    assert.equal((await blind('GET', `/metric-alerts/${id}`)).body.required_scope, 'vps:read');
    assert.deepEqual((await blind('GET', '/metric-alerts')).body.data, []);
    await round(95);
    await round(95);
    await round(95);
    await round(95);
    await round(95);
    assert.equal((await show(id)).status, 'triggered');
    assert.deepEqual((await blind('GET', `/events?resource_id=${id}`)).body.data, []);
    assert.equal((await reader('GET', `/events?resource_id=${id}`)).body.data.length, 1);
    await call('DELETE', `/metric-alerts/${id}`);
  });

  it('refuses what no instance has, and more than the quota', async () => {
    const base = {
      resource_type: 'vps',
      resource_id: vps,
      metric_type: 'cpu_usage',
      comparison_operator: 'gt',
      threshold_value: 1,
    };
    const refused = async (changes: object) =>
      Object.keys((await call('POST', '/metric-alerts', { ...base, ...changes })).body.errors);
    assert.deepEqual(await refused({ metric_type: 'db_connections' }), ['metric_type']);
    assert.deepEqual(await refused({ resource_type: 'database' }), ['resource_id']);
    assert.deepEqual(await refused({ resource_id: 'none' }), ['resource_id']);
    assert.deepEqual(await refused({ notification_channels: ['sms'] }), ['notification_channels.0']);
    await test.database.pool.query(
      `update teams set quotas = quotas || '{"metric_alert": 1}' where id = $1`,
      [test.team.teamId],
    );
    const { id } = await newAlert();
    assert.equal((await call('POST', '/metric-alerts', base)).body.code, 'quota_exceeded');
    await call('DELETE', `/metric-alerts/${id}`);
    const stranger = createApiClient(test.app.http, (await createTeam(test.database)).token);
    assert.equal((await stranger('GET', `/metric-alerts/${id}`)).status, 404);
    const { data, meta } = (await call('GET', '/metric-alerts/available-metrics/vps')).body;
    assert.ok(data.some((one: { value: string }) => one.value === 'cpu_usage'));
    assert.deepEqual(meta, {
      resource_type: 'vps',
      alertable: true,
      alertable_resource_types: ['vps', 'database', 'cache'],
    });
  });

  it('is made with a new database, once, unless the operator does not want it', async () => {
    const id = await customerOf(call).running('database', { name: 'shop' });
    const all = async () => (await call('GET', `/metric-alerts?resource_id=${id}`)).body.data;
    await Promise.all([1, 2].map(() => addDefaultAlerts(test.database, true)));
    await addDefaultAlerts(test.database, true);
    const made = await all();
    assert.deepEqual(
      made
        .map((one: Record<string, unknown>) => [one.metric_type, one.threshold_value, one.is_default])
        .toSorted(),
      [
        ['db_connection_usage', 90, true],
        ['disk_usage', 90, true],
      ],
    );
    await call('DELETE', `/metric-alerts/${made[0].id}`);
    await addDefaultAlerts(test.database, true);
    assert.equal((await all()).length, 1);
    const other = await customerOf(call).running('database', { name: 'other' });
    await addDefaultAlerts(test.database, false);
    await addDefaultAlerts(test.database, true);
    assert.deepEqual((await call('GET', `/metric-alerts?resource_id=${other}`)).body.data, []);
    await customerOf(call).succeeds(call('POST', `/database/${id}/stop`));
    await customerOf(call).ended(await call('DELETE', `/database/${id}`));
    assert.deepEqual(await all(), []);
  });
});

it('needs every value of its duration, in both directions', () => {
  const condition: Condition = { comparison: 'lt', threshold: 10, duration_minutes: 1 };
  let state: AlertState = {
    status: 'active',
    turningSince: null,
    breaches: 0,
    noDataSince: null,
    isMissed: false,
    value: null,
  };
  let at = 0;
  const step = (value: number | null) => {
    at += 30_000;
    const result = evaluate(state, condition, value, at);
    state = result.state;
    return result.happened;
  };
  assert.deepEqual([9, 9, 10, 9, 9, 9].map(step), [null, null, null, null, null, 'triggered']);
  assert.deepEqual([10, 10.4, 11, 9, 11, 11, 11].map(step), [null, null, null, null, null, null, 'resolved']);
  assert.deepEqual([9, 9, null, 9, 9, 9].map(step), [null, null, null, null, null, 'triggered']);
});
