import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createApiClient } from '../../test/api-client.ts';
import { withBareServer } from '../../test/bare-server.ts';
import { startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { collectLog } from '../../test/log-lines.ts';
import { testKey } from '../../test/ssh-keys.ts';
import type { Api } from './api.ts';
import { addressKey } from './rate-limits.ts';

describe('the HTTP server', () => {
  it('refuses to start with a route that is neither public nor names a scope', async () => {
    const forgotten = (api: Api) => void api.get('/forgotten', async () => ({}));
    await assert.rejects(
      withBareServer(forgotten, async () => {}),
      /GET \/api\/v1\/forgotten must set config\.scope/,
    );
  });

  it('answers 503 while the database is unreachable', async () => {
    await withBareServer(
      (api) => void api.get('/private', { config: { scope: null } }, async () => ({})),
      async (call) => {
        const answer = await call('GET', '/private');
        assert.equal(answer.status, 503);
        assert.equal(answer.body.code, 'unavailable');
        assert.ok(!JSON.stringify(answer.body).includes('ECONNREFUSED'));
      },
    );
  });

  it('answers an internal error with 500 and no details', async () => {
    const broken = (api: Api) =>
      void api.get('/broken', { config: { public: true } }, async () => {
        throw new Error('the secret plan is in /etc/plan');
      });
    await withBareServer(broken, async (call) => {
      const answer = await call('GET', '/broken');
      assert.equal(answer.status, 500);
      assert.equal(answer.body.code, 'internal');
      assert.ok(!JSON.stringify(answer.body).includes('plan'));
    });
  });

  it('answers 503 while the database has no disk space', async () => {
    const full = (api: Api) =>
      void api.get('/full', { config: { public: true } }, async () => {
        throw Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' });
      });
    await withBareServer(full, async (call) => assert.equal((await call('GET', '/full')).status, 503));
  });

  it('counts an IPv6 network as one address', () => {
    assert.equal(addressKey('2001:db8:1:2:3:4:5:6'), addressKey('2001:db8:1:2::9'));
    assert.notEqual(addressKey('2001:db8:1:2::1'), addressKey('2001:db8:1:3::1'));
    assert.equal(addressKey('::ffff:192.0.2.1'), addressKey('192.0.2.1'));
    assert.notEqual(addressKey('192.0.2.1'), addressKey('192.0.2.2'));
    assert.equal(addressKey('192.0.2.1', true), addressKey('192.0.9.9', true));
  });
});

describe('a server that ends', () => {
  it('closes without waiting for a request that is never completed', async () => {
    const test = await startTestApp();
    const { port } = new URL(test.app.url!);
    const socket = connect(Number(port), '127.0.0.1');
    const ended = once(socket, 'close');
    const headers = [
      'POST /api/v1/ssh-keys HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${test.team.token}`,
      'Content-Type: application/json',
      'Content-Length: 100',
    ];
    socket.write(`${headers.join('\r\n')}\r\n\r\n{`);
    socket.on('error', () => {}).resume();
    await once(socket, 'connect');
    // The token is cached after the first of these calls; after the second, the incomplete request is being handled.
    const call = createApiClient(test.app.http, test.team.token);
    for (let count = 0; count < 2; count += 1) assert.equal((await call('GET', '/ssh-keys')).status, 200);
    await test.close();
    await ended;
  });
});

describe('the access log', () => {
  let test: TestApp;
  const { log, lines } = collectLog();
  before(async () => {
    test = await startTestApp({ log });
  });
  after(() => test?.close());

  it('logs a line with the request id for every request, and no secrets', async () => {
    const call = createApiClient(test.app.http, test.team.token);
    const [id, secret] = test.team.token.split('|');
    const headers = { 'x-request-id': 'log-test-1' };
    await call('GET', `/ssh-keys?page=1&token=${secret}`, { headers });
    await call('GET', `/nothing/${secret}`, { headers });
    await call('POST', '/ssh-keys', {
      body: { name: 'k', public_key: testKey(1), password: 'hunter2hunter2' },
      headers,
    });
    await call('GET', '/user/teams', { token: `${id}|wrong-${secret}`, headers });
    const logged = await waitFor('four lines', async () => {
      const all = lines.map((line) => JSON.parse(line)).filter((line) => line.request_id === 'log-test-1');
      return all.length >= 4 && all;
    });
    assert.deepEqual(
      logged.map((line) => [line.method, line.route, line.status]),
      [
        ['GET', '/api/v1/ssh-keys', 422],
        ['GET', null, 404],
        ['POST', '/api/v1/ssh-keys', 201],
        ['GET', '/api/v1/user/teams', 401],
      ],
    );
    assert.equal(logged[0].team, test.team.teamId);
    const all = lines.join('');
    assert.ok(!all.includes(secret!) && !all.includes('hunter2'));
  });
});
