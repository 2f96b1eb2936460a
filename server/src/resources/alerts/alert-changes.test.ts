import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { suiteWithAlerts } from '../../../test/alerts.ts';
import { createApiClient } from '../../../test/api-client.ts';
import { customerOf } from '../../../test/customer.ts';
import { createTeam, issueToken } from '../../../test/harness.ts';
import { addDefaultAlerts } from './defaults.ts';

describe('alerts of a team', () => {
  const world = suiteWithAlerts();

  it('is changed and disabled while it fires, and is over then', async () => {
    const { id } = await world.newAlert({ duration_minutes: 0 });
    await world.round(90);
    const renamed = await world.call('PUT', `/metric-alerts/${id}`, {
      name: 'Other',
      notification_channels: ['mail'],
    });
    assert.deepEqual(
      [renamed.body.alert.status, renamed.body.alert.notification_channels],
      ['triggered', ['mail']],
    );
    // It stays with its metric; who sends back what was shown may send that.
    const moved = await world.call('PUT', `/metric-alerts/${id}`, {
      resource_type: 'vps',
      metric_type: 'processes',
    });
    assert.equal(moved.status, 422, JSON.stringify(moved.body));
    assert.deepEqual(Object.keys(moved.body.errors), ['metric_type']);
    const changed = await world.call('PUT', `/metric-alerts/${id}`, { threshold_value: 85 });
    assert.equal(changed.body.alert.status, 'active');
    await world.round(90);
    const toggled = await world.call('PATCH', `/metric-alerts/${id}/toggle`);
    assert.deepEqual([toggled.body.alert.status, toggled.body.alert.enabled], ['disabled', false]);
    await world.round(90);
    assert.equal((await world.show(id)).status, 'disabled');
    assert.equal((await world.call('PATCH', `/metric-alerts/${id}/toggle`)).body.alert.status, 'active');
    assert.deepEqual(await world.happenings(id), [
      'enabled',
      'disabled',
      'triggered',
      'changed',
      'triggered',
    ]);
    assert.deepEqual(
      (await world.eventsOf(id)).map(({ type, payload }) => [type, payload.because]),
      [
        ['alert.created', undefined],
        ['alert.fired', undefined],
        ['alert.updated', undefined],
        ['alert.resolved', 'changed'],
        ['alert.updated', undefined],
        ['alert.fired', undefined],
        ['alert.resolved', 'disabled'],
        ['alert.disabled', undefined],
        ['alert.enabled', undefined],
      ],
    );
    await world.call('DELETE', `/metric-alerts/${id}`);
  });

  it('belongs to what the token may do with its instance', async () => {
    const { id } = await world.newAlert();
    const as = async (scopes: Parameters<typeof issueToken>[2]) =>
      createApiClient(world.test.app.http, await issueToken(world.test.database.db, world.test.team, scopes));
    const reader = await as(['vps:read']);
    assert.equal((await reader('GET', `/metric-alerts/${id}`)).status, 200);
    assert.equal((await reader('PATCH', `/metric-alerts/${id}/toggle`)).body.required_scope, 'vps:write');
    const blind = await as(['database:read']);
    assert.equal((await blind('GET', `/metric-alerts/${id}`)).body.required_scope, 'vps:read');
    assert.deepEqual((await blind('GET', '/metric-alerts')).body.data, []);
    await world.round(95);
    await world.round(95);
    await world.round(95);
    await world.round(95);
    await world.round(95);
    assert.equal((await world.show(id)).status, 'triggered');
    assert.deepEqual((await blind('GET', `/events?resource_id=${id}`)).body.data, []);
    assert.equal((await reader('GET', `/events?resource_id=${id}`)).body.data.length, 2);
    await world.call('DELETE', `/metric-alerts/${id}`);
  });

  it('refuses what no instance has, and more than the quota', async () => {
    const base = {
      resource_type: 'vps',
      resource_id: world.vps,
      metric_type: 'cpu_usage',
      comparison_operator: 'gt',
      threshold_value: 1,
    };
    const refused = async (changes: object) =>
      Object.keys((await world.call('POST', '/metric-alerts', { ...base, ...changes })).body.errors);
    assert.deepEqual(await refused({ metric_type: 'db_connections' }), ['metric_type']);
    assert.deepEqual(await refused({ resource_type: 'database' }), ['resource_id']);
    assert.deepEqual(await refused({ resource_id: 'none' }), ['resource_id']);
    assert.deepEqual(await refused({ notification_channels: ['sms'] }), ['notification_channels.0']);
    await world.test.database.pool.query(
      `update teams set quotas = quotas || '{"metric_alert": 1}' where id = $1`,
      [world.test.team.teamId],
    );
    const { id } = await world.newAlert();
    assert.equal((await world.call('POST', '/metric-alerts', base)).body.code, 'quota_exceeded');
    await world.call('DELETE', `/metric-alerts/${id}`);
    const stranger = createApiClient(world.test.app.http, (await createTeam(world.test.database)).token);
    assert.equal((await stranger('GET', `/metric-alerts/${id}`)).status, 404);
    const { data, meta } = (await world.call('GET', '/metric-alerts/available-metrics/vps')).body;
    assert.ok(data.some((one: { value: string }) => one.value === 'cpu_usage'));
    assert.deepEqual(meta, {
      resource_type: 'vps',
      alertable: true,
      alertable_resource_types: ['vps', 'database', 'cache'],
    });
  });

  it('is made with a new database, once, unless the operator does not want it', async () => {
    const id = await customerOf(world.call).running('database', { name: 'shop' });
    const all = async () => (await world.call('GET', `/metric-alerts?resource_id=${id}`)).body.data;
    await Promise.all([1, 2].map(() => addDefaultAlerts(world.test.database, true)));
    await addDefaultAlerts(world.test.database, true);
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
    await world.call('DELETE', `/metric-alerts/${made[0].id}`);
    await addDefaultAlerts(world.test.database, true);
    assert.equal((await all()).length, 1);
    const other = await customerOf(world.call).running('database', { name: 'other' });
    await addDefaultAlerts(world.test.database, false);
    await addDefaultAlerts(world.test.database, true);
    assert.deepEqual((await world.call('GET', `/metric-alerts?resource_id=${other}`)).body.data, []);
    await customerOf(world.call).succeeds(world.call('POST', `/database/${id}/stop`));
    await customerOf(world.call).ended(await world.call('DELETE', `/database/${id}`));
    assert.deepEqual(await all(), []);
  });
});
