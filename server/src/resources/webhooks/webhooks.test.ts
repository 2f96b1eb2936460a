import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { createTeam, startTestApp, type TestApp } from '../../../test/harness.ts';

const URL = 'https://hooks.example.org/danube';

describe('webhooks', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp();
  });
  after(() => test?.close());

  const newTeam = async (): Promise<ApiClient> =>
    createApiClient(test.app.http, (await createTeam(test.database)).token);

  it('has one endpoint in its configuration, and shows its secret once', async () => {
    const call = await newTeam();
    assert.deepEqual((await call('GET', '/webhooks/config')).body, {
      webhook_url: null,
      webhook_enabled: false,
      has_secret: false,
    });
    assert.equal((await call('POST', '/webhooks/config/regenerate-secret')).body.code, 'invalid_state');
    const first = (await call('PUT', '/webhooks/config', { body: { webhook_url: URL } })).body;
    assert.match(first.webhook_secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    const second = (
      await call('PUT', '/webhooks/config', { body: { webhook_url: `${URL}/2`, webhook_enabled: false } })
    ).body;
    assert.deepEqual(second, {
      message: 'Webhook saved.',
      webhook_url: `${URL}/2`,
      webhook_enabled: false,
      webhook_secret: null,
    });
    assert.deepEqual((await call('GET', '/webhooks/config')).body, {
      webhook_url: `${URL}/2`,
      webhook_enabled: false,
      has_secret: true,
    });
    const third = (await call('POST', '/webhooks/config/regenerate-secret')).body;
    assert.notEqual(third.webhook_secret, first.webhook_secret);
    const [endpoint] = (await call('GET', '/webhooks/endpoints')).body.data;
    assert.deepEqual([endpoint.is_default, endpoint.enabled, endpoint.url], [true, false, `${URL}/2`]);
  });

  it('is created once by requests at the same time', async () => {
    const call = await newTeam();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => call('PUT', '/webhooks/config', { body: { webhook_url: URL } })),
    );
    assert.equal(answers.filter(({ body }) => body.webhook_secret !== null).length, 1);
  });

  it('adds, shows, changes and deletes endpoints, as many as the quota allows', async () => {
    const call = await newTeam();
    const body = { name: 'bot', url: URL, event_types: ['vps.*'] };
    const { endpoint, secret } = (await call('POST', '/webhooks/endpoints', { body })).body;
    assert.match(secret, /^whsec_/);
    const path = `/webhooks/endpoints/${endpoint.id}`;
    assert.deepEqual((await call('GET', path)).body, { endpoint });
    const changed = (await call('PUT', path, { body: { name: 'other', event_types: [] } })).body.endpoint;
    assert.deepEqual(
      [changed.name, changed.url, changed.event_types, changed.enabled],
      ['other', URL, [], true],
    );
    for (let count = 1; count < 10; count++) await call('POST', '/webhooks/endpoints', { body });
    const refused = await call('POST', '/webhooks/endpoints', { body });
    assert.deepEqual(
      [refused.body.code, refused.body.quota, refused.body.limit],
      ['quota_exceeded', 'webhook_endpoint', 10],
    );
    assert.equal((await call('DELETE', path)).status, 200);
    assert.equal((await call('GET', path)).status, 404);
    const { warnings } = (await call('POST', '/webhooks/endpoints', { body })).body;
    assert.match(warnings[0], /Another endpoint is called bot/);
  });

  it('refuses what cannot work, and changes nothing', async () => {
    const call = await newTeam();
    const refusals: [object, string][] = [
      [{ webhook_url: 'http://hooks.example.org/' }, 'webhook_url'],
      [{ webhook_url: 'https://169.254.169.254/latest' }, 'webhook_url'],
      [{ webhook_url: 'https://user:secret@hooks.example.org/' }, 'webhook_url'],
      [{}, 'webhook_url'],
    ];
    for (const [body, field] of refusals) {
      const answer = await call('PUT', '/webhooks/config', { body });
      assert.equal(answer.status, 422, JSON.stringify(body));
      assert.deepEqual(Object.keys(answer.body.errors), [field]);
    }
    for (const type of ['everything', 'vps.craeted', 'server.*']) {
      const wrong = { name: 'bot', url: URL, event_types: ['vps.created', type] };
      const { status, body } = await call('POST', '/webhooks/endpoints', { body: wrong });
      assert.equal(status, 422, type);
      if (type !== 'everything')
        assert.match(body.errors.event_types[0], new RegExp(`type ${type.replace('*', '\\*')}\\.`));
    }
    const right = { name: 'bot', url: URL, event_types: ['vps.*', 'database.failed'] };
    const { endpoint } = (await call('POST', '/webhooks/endpoints', { body: right })).body;
    const changed = await call('PUT', `/webhooks/endpoints/${endpoint.id}`, {
      body: { event_types: ['vps.craeted'] },
    });
    assert.equal(changed.status, 422);
    assert.deepEqual(
      (await call('GET', `/webhooks/endpoints/${endpoint.id}`)).body.endpoint.event_types,
      right.event_types,
    );
    assert.equal((await call('GET', '/webhooks/config')).body.has_secret, false);
  });
});
