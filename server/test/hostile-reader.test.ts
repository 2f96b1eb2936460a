/** What a customer tries who wants to see, hear of, or disturb what belongs to another team. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from './api-client.ts';
import { clientOf, newDatabase, newVps } from './client.ts';
import { customerOf } from './customer.ts';
import {
  createTeam,
  issueToken,
  startTestApp,
  type TestApp,
  type TestTeam,
  testConfig,
  waitFor,
} from './harness.ts';

/** What would be more than a name in PromQL, in SQL, or in a URL. */
const INJECTIONS = [
  'cpu_usage"} or {team=~".*',
  'cpu_usage or vector(1)',
  '{__name__=~".+"}',
  'cpu_usage[1y]',
  'cpu_usage\n#',
  '../../api/v1/series',
  "' or 1=1 --",
];

describe('a hostile customer', () => {
  let test: TestApp;
  let victim: ApiClient;
  let eve: ApiClient;
  let team: TestTeam;
  let vps: string;
  before(async () => {
    test = await startTestApp({ config: testConfig({ DANUBE_WEBHOOK_TARGETS: 'public' }) });
    victim = createApiClient(test.app.http, test.team.token);
    team = await createTeam(test.database);
    eve = createApiClient(test.app.http, team.token);
    vps = await customerOf(clientOf(test.app.url!, test.team.token)).running('vps', { name: 'secret-plan' });
  });
  after(() => test?.close());

  it('reads no events of another team, whatever it asks for', async () => {
    for (const path of [
      `/events?resource_id=${vps}`,
      '/events?after=0&limit=500',
      '/events?order=desc',
      '/events?order=desc&before=999999999999999',
      `/operations?resource_id=${vps}`,
      '/resources/search?q=secret-plan',
      `/resources/search?q=${vps}`,
      '/resources/search?q=%25',
    ]) {
      const { status, body } = await eve('GET', path);
      assert.equal(status, 200, path);
      assert.doesNotMatch(JSON.stringify(body), new RegExp(`${vps}|secret-plan`), path);
    }
    const headers = { 'x-team-id': String(test.team.teamId) };
    for (const path of ['/events', '/events/stream', '/events/stream?progress=true', '/notifications']) {
      assert.equal((await eve('GET', path, { headers })).status, 403, path);
    }
  });

  it('gets nothing into a query for metrics', async () => {
    const own = (await eve('POST', '/vps', { body: newVps() })).body.instance.id;
    for (const text of INJECTIONS) {
      const value = encodeURIComponent(text);
      for (const path of [
        `/vps/${own}/metrics/history?metric=${value}`,
        `/vps/${own}/metrics/history?metric=cpu_usage&step=${value}`,
        `/vps/${own}/metrics/history?metric=cpu_usage&from=${value}`,
        `/vps/metrics?metric=${value}`,
      ]) {
        assert.equal((await eve('GET', path)).status, 422, path);
      }
      const answer = await eve('GET', `/vps/${value}/metrics/history?metric=cpu_usage`);
      assert.equal(answer.status, 404, text);
    }
    assert.equal((await eve('GET', `/vps/${vps}/metrics/history?metric=cpu_usage`)).status, 404);
  });

  it('sets no alert on what it does not have, and touches none of others', async () => {
    const alert = {
      resource_type: 'vps',
      resource_id: vps,
      metric_type: 'cpu_usage',
      comparison_operator: 'gt',
      threshold_value: 1,
    };
    assert.equal((await eve('POST', '/metric-alerts', { body: alert })).status, 422);
    const { id } = (await victim('POST', '/metric-alerts', { body: alert })).body.alert;
    const path = `/metric-alerts/${id}`;
    for (const [method, at, body] of [
      ['GET', path, undefined],
      ['GET', `${path}/history`, undefined],
      ['PUT', path, { threshold_value: 99 }],
      ['PATCH', `${path}/toggle`, undefined],
      ['DELETE', path, undefined],
    ] as const) {
      assert.equal((await eve(method, at, body ? { body } : {})).status, 404, `${method} ${at}`);
    }
    assert.equal((await victim('GET', path)).body.alert.threshold_value, 1);
    for (const text of INJECTIONS) {
      const body = { ...alert, resource_type: 'database', metric_type: text };
      assert.equal((await eve('POST', '/metric-alerts', { body })).status, 422, text);
    }
  });

  it('changes nobody’s preferences but its own', async () => {
    const before = (await victim('GET', '/notification-preferences')).body.preferences;
    const one = { category: 'resource_failed', channel: 'mail', enabled: false };
    for (const extra of [{}, { user_id: test.team.accountId }, { team_id: test.team.teamId }]) {
      await eve('PUT', '/notification-preferences', { body: { preferences: [one], ...extra } });
    }
    await eve('POST', '/notification-preferences/reset');
    assert.deepEqual((await victim('GET', '/notification-preferences')).body.preferences, before);
  });

  it('has nothing sent to addresses that are not of the internet', async () => {
    for (const url of [
      'https://[::ffff:169.254.169.254]/latest',
      'https://[::ffff:a9fe:a9fe]/',
      'https://[0:0:0:0:0:ffff:7f00:1]/',
      'https://[64:ff9b::a9fe:a9fe]/',
      'https://[2002:a9fe:a9fe::1]/',
      'https://[fe80::1%25eth0]/',
      'https://0251.0376.0251.0376/',
      'https://example.org@127.0.0.1/',
      'https://127.0.0.1#example.org',
      'https://127.0.0.1\\@example.org/',
      'http://example.org/',
      'gopher://example.org/',
    ]) {
      const config = await eve('PUT', '/webhooks/config', { body: { webhook_url: url } });
      const endpoint = await eve('POST', '/webhooks/endpoints', { body: { name: 'x', url } });
      assert.deepEqual([config.status, endpoint.status], [422, 422], url);
    }
  });

  it('reads no more in deliveries than its token may', async () => {
    await victim('PUT', '/webhooks/config', { body: { webhook_url: 'https://hooks.example.org/' } });
    const { id } = (await victim('POST', '/vps', { body: newVps() })).body.instance;
    const alert = {
      resource_type: 'vps',
      resource_id: id,
      metric_type: 'cpu_usage',
      comparison_operator: 'gt',
      threshold_value: 100,
    };
    assert.equal((await victim('POST', '/metric-alerts', { body: alert })).status, 201);
    const about = async (token?: string): Promise<{ id: number; event: string }[]> => {
      const { data } = (await victim('GET', '/webhooks/deliveries?per_page=100', token ? { token } : {}))
        .body;
      return data.filter((one: { payload: unknown }) => JSON.stringify(one.payload).includes(id));
    };
    const all = await waitFor('the deliveries', async () => {
      const found = await about();
      return (
        ['vps.created', 'alert.created'].every((type) => found.some(({ event }) => event === type)) && found
      );
    });
    const blind = await issueToken(test.database.db, test.team, ['webhook:read', 'database:read']);
    const seeing = await issueToken(test.database.db, test.team, ['webhook:read', 'vps:read']);
    assert.deepEqual(await about(blind), []);
    const seen = new Set((await about(seeing)).map((one) => one.id));
    assert.ok(all.every((one) => seen.has(one.id)));
    for (const one of all) {
      const status = async (token?: string) =>
        (await victim('GET', `/webhooks/deliveries/${one.id}`, token ? { token } : {})).status;
      assert.deepEqual([await status(blind), await status(seeing)], [404, 200], one.event);
    }
  });

  it('hears of its own database only, by its own webhooks', async () => {
    const id = (await victim('POST', '/database', { body: newDatabase() })).body.instance.id;
    for (const path of [`/events?resource_id=${id}`, '/webhooks/deliveries', '/notifications?per_page=100']) {
      assert.doesNotMatch(JSON.stringify((await eve('GET', path)).body), new RegExp(id), path);
    }
  });
});
