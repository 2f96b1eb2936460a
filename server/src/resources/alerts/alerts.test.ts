import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { suiteWithAlerts } from '../../../test/alerts.ts';
import { customerOf } from '../../../test/customer.ts';
import { waitFor } from '../../../test/harness.ts';
import { startSink } from '../../../test/webhook-sink.ts';
import type { Database } from '../../db/database.ts';
import { MetricsUnavailable } from '../../metrics/contract.ts';
import { type AlertState, type Condition, evaluate } from './conditions.ts';
import { evaluateAlerts } from './evaluator.ts';

describe('alerts that turn', () => {
  const world = suiteWithAlerts();

  it('fires after its time, ends with some distance, and is told once', async () => {
    const { id } = await world.newAlert({ name: 'Full' });
    await world.round(90);
    assert.deepEqual(
      [(await world.show(id)).status, (await world.show(id)).consecutive_breaches],
      ['active', 1],
    );
    for (let turn = 0; turn < 4; turn++) await world.round(90);
    const fired = await world.show(id);
    assert.deepEqual([fired.status, fired.trigger_count, fired.last_metric_value], ['triggered', 1, 90]);
    assert.equal(fired.status_details.health, 'unhealthy');
    // Below the threshold, but not by 5 % of it.
    for (let turn = 0; turn < 8; turn++) await world.round(78);
    assert.equal((await world.show(id)).status, 'triggered');
    for (let turn = 0; turn < 5; turn++) await world.round(70);
    const over = await world.show(id);
    assert.deepEqual([over.status, over.trigger_count, over.enabled], ['resolved', 1, true]);
    assert.deepEqual(await world.happenings(id), ['resolved', 'triggered']);
    const events = await world.turnsOf(id);
    assert.deepEqual(
      events.map(({ type, payload }) => [type, payload.value, payload.resource_id]),
      [
        ['alert.fired', 90, world.vps],
        ['alert.resolved', 70, world.vps],
      ],
    );
    assert.equal((await world.call('DELETE', `/metric-alerts/${id}`)).status, 200);
    assert.equal((await world.call('GET', `/metric-alerts/${id}`)).status, 404);
  });

  it('is neither over nor fires while nothing is measured, and says so', async () => {
    const { id } = await world.newAlert({ duration_minutes: 0 });
    await world.round(95);
    assert.equal((await world.show(id)).status, 'triggered');
    for (let turn = 0; turn < 14; turn++) await world.round(null);
    const missed = await world.show(id);
    assert.equal(missed.status, 'triggered');
    assert.ok(missed.no_data_since);
    assert.match(missed.status_details.summary, /no data/);
    assert.deepEqual(await world.happenings(id), ['no_data', 'triggered']);
    await world.round(95);
    assert.equal((await world.show(id)).no_data_since, null);
    assert.deepEqual(await world.happenings(id), ['data_returned', 'no_data', 'triggered']);
    assert.equal((await world.turnsOf(id)).length, 1);
    await world.call('DELETE', `/metric-alerts/${id}`);
    assert.deepEqual(
      (await world.turnsOf(id)).map(({ type, payload }) => [type, payload.because]),
      [
        ['alert.fired', undefined],
        ['alert.resolved', 'deleted'],
      ],
    );
  });

  it('is over when its instance is deleted, and says so', async () => {
    const { running, succeeds } = customerOf(world.call);
    const resource_id = await running('vps', { name: 'web-2' });
    const fires = await world.newAlert({ resource_id, duration_minutes: 0 });
    const waits = await world.newAlert({ resource_id, duration_minutes: 60 });
    world.now += 15_000;
    await world.push(95, world.now, resource_id);
    await evaluateAlerts(world.test.database, world.metrics, world.now);
    assert.equal((await world.show(fires.id)).status, 'triggered');
    await succeeds(world.call('POST', `/vps/${resource_id}/stop`));
    await succeeds(world.call('DELETE', `/vps/${resource_id}`));
    assert.equal((await world.call('GET', `/metric-alerts/${fires.id}`)).status, 404);
    const turns = await world.turnsOf(fires.id);
    assert.deepEqual(
      turns.map(({ type, payload }) => [type, payload.because, payload.resource_name]),
      [
        ['alert.fired', undefined, 'web-2'],
        ['alert.resolved', 'resource_deleted', 'web-2'],
      ],
    );
    assert.deepEqual(await world.turnsOf(waits.id), []);
  });

  it('knows nothing while the store is away, and begins anew after a gap', async () => {
    const { id } = await world.newAlert();
    await world.round(90);
    const away = { ...world.metrics, query: () => Promise.reject(new MetricsUnavailable('away')) };
    await assert.rejects(evaluateAlerts(world.test.database, away, world.now + 15_000), /away/);
    assert.equal((await world.show(id)).no_data_since, null);
    await world.round(90, 600);
    assert.equal((await world.show(id)).status, 'active');
    await world.call('DELETE', `/metric-alerts/${id}`);
  });

  it('is told once, however many servers evaluate it, and where one is killed', async () => {
    const { id } = await world.newAlert({ duration_minutes: 0 });
    const at = world.now + 15_000;
    await world.push(99, at);
    const dying = {
      ...world.test.database,
      transaction: (work: Parameters<Database['transaction']>[0]) =>
        world.test.database.transaction(async (tx) => {
          await work(tx);
          throw new Error('killed');
        }),
    } as Database;
    await assert.rejects(evaluateAlerts(dying, world.metrics, at), /killed/);
    assert.equal((await world.show(id)).status, 'active');
    await Promise.all([1, 2, 3].map(() => evaluateAlerts(world.test.database, world.metrics, at)));
    assert.deepEqual(await world.happenings(id), ['triggered']);
    assert.equal((await world.turnsOf(id)).length, 1);
    world.now = at;
    await world.call('DELETE', `/metric-alerts/${id}`);
  });

  it('goes to the channels that it names, and to no others', async () => {
    const sink = await startSink();
    try {
      await world.call('PUT', '/webhooks/config', { webhook_url: sink.url });
      const [listed, sent] = [
        await world.newAlert({ duration_minutes: 0, notification_channels: ['database'] }),
        await world.newAlert({ duration_minutes: 0, notification_channels: ['webhook'] }),
      ];
      await world.round(90);
      await waitFor('the webhook', async () =>
        sink.received.some(({ json }) => json.type === 'alert.fired' && json.data.resource_id === sent.id),
      );
      const inList = await waitFor('the notification', async () => {
        const { data } = (await world.call('GET', '/notifications?category=memory_threshold_exceeded')).body;
        return data.some((one: { resource_id: string }) => one.resource_id === listed.id) && data;
      });
      assert.ok(inList.every((one: { resource_id: string }) => one.resource_id !== sent.id));
      const fired = sink.received.filter(({ json }) => json.type === 'alert.fired');
      assert.deepEqual(
        fired.map(({ json }) => json.data.resource_id),
        [sent.id],
      );
      for (const { id } of [listed, sent]) await world.call('DELETE', `/metric-alerts/${id}`);
      await world.call('PUT', '/webhooks/config', { webhook_url: sink.url, webhook_enabled: false });
    } finally {
      await sink.close();
    }
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
