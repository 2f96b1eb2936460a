import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRRJgLgp2sSUIdr3oliil89XQscfZGHontzuSD/5Az7 a@b';

describe('requests', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, test.team.token);
  });
  after(() => test?.close());

  it('gives every request an id: the client’s if it is well-formed, else a new one', async () => {
    const own = await call('GET', '/user/teams', { headers: { 'x-request-id': 'deploy.42' } });
    assert.equal(own.headers['x-request-id'], 'deploy.42');
    for (const id of ['', 'a b', 'x'.repeat(65), '"}']) {
      const answer = await call('GET', '/user/teams', { headers: { 'x-request-id': id } });
      assert.match(String(answer.headers['x-request-id']), /^[0-9a-f-]{36}$/);
    }
    const error = await call('GET', '/ssh-keys/1', { headers: { 'x-request-id': 'deploy.43' } });
    assert.equal(error.body.request_id, 'deploy.43');
  });

  it('answers invalid requests in the documented format', async () => {
    const json = { 'content-type': 'application/json' };
    const cases: [number, string, Promise<Awaited<ReturnType<ApiClient>>>][] = [
      [400, 'bad_request', call('POST', '/ssh-keys', { payload: '{"name":', headers: json })],
      [400, 'bad_request', call('POST', '/ssh-keys', { payload: '{"__proto__":{"a":1}}', headers: json })],
      [
        400,
        'bad_request',
        call('POST', '/ssh-keys', { payload: `${'['.repeat(99)}${']'.repeat(99)}`, headers: json }),
      ],
      [400, 'bad_request', call('GET', '/ssh-keys/%zz')],
      [404, 'not_found', call('GET', '/nothing/here')],
      [404, 'not_found', call('GET', '/ssh-keys/abc')],
      [404, 'not_found', call('GET', `/ssh-keys/${'9'.repeat(200)}`)],
      [404, 'not_found', call('GET', '/vps/not-a-uuid')],
      [413, 'payload_too_large', call('POST', '/ssh-keys', { body: { name: 'x'.repeat(1_048_577) } })],
      [
        415,
        'unsupported_media_type',
        call('POST', '/ssh-keys', {
          payload: 'a=b',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
      ],
      [422, 'validation_failed', call('POST', '/ssh-keys', { payload: '[]', headers: json })],
      [422, 'validation_failed', call('POST', '/ssh-keys', { payload: 'null', headers: json })],
      [422, 'validation_failed', call('GET', '/ssh-keys?per_page=1000')],
      [422, 'validation_failed', call('GET', '/ssh-keys?page=one')],
    ];
    for (const [status, code, pending] of cases) {
      const answer = await pending;
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.equal(answer.body.code, code);
      assert.equal(answer.body.stack, undefined);
      assert.ok(answer.body.docs.endsWith(`/docs/errors/${code}`));
    }
  });

  it('takes a request without a body, whatever type it says the body has', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/octet-stream']) {
      const answer = await call('DELETE', '/ssh-keys/12', { payload: '', headers: { 'content-type': type } });
      assert.equal(answer.status, 404, type);
    }
  });

  it('takes numbers and booleans that come as text, and texts that come as numbers', async () => {
    const rule = {
      name: 80,
      direction: 'inbound',
      protocol: 'tcp',
      action: 'allow',
      port_range_start: '80',
      port_range_end: '90',
      order: '1',
    };
    const answer = await call('POST', '/firewalls', { body: { name: 12, rules: [rule] } });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    assert.equal(answer.body.firewall.name, '12');
    const [read] = answer.body.firewall.rules;
    assert.deepEqual([read.name, read.port_range_start, read.port_range_end], ['80', 80, 90]);
    const added = await call('POST', '/ssh-keys', { body: { name: 'a', public_key: KEY, is_default: '1' } });
    assert.equal(added.body.key.is_default, true, JSON.stringify(added.body));
    assert.equal((await call('DELETE', `/ssh-keys/${added.body.key.id}`)).status, 200);
    for (const port of ['', ' 80', '0x50', '8e1', '080', '1.5', 'ssh', true, null, [80]]) {
      const rules = [{ ...rule, port_range_start: port }];
      const refused = await call('POST', '/firewalls', { body: { name: 'web', rules } });
      assert.equal(refused.status, 422, `${JSON.stringify(port)}: ${JSON.stringify(refused.body)}`);
    }
  });

  it('refuses query parameters that a request does not have, and names those that it has', async () => {
    const list = await call('GET', '/ssh-keys?per_pge=1');
    assert.equal(list.status, 422);
    assert.match(list.body.errors.per_pge[0], /per_pge is not known\. This request takes: page, per_page/);
    const teams = await call('GET', '/user/teams?name=a');
    assert.match(teams.body.message, /takes none/);
    const changing = await call('POST', '/ssh-keys?dry_run=1', { body: { name: 'a', public_key: KEY } });
    assert.equal(changing.status, 422);
    assert.equal((await call('GET', '/ssh-keys')).body.pagination.total, 0);
  });

  it('ends every answer with a line break', async () => {
    for (const path of ['/ssh-keys', '/nothing/here', '/ssh-keys?page=one']) {
      const answer = await test.app.http.inject({
        url: `/api/v1${path}`,
        headers: { authorization: `Bearer ${test.team.token}` },
      });
      assert.match(answer.body, /\}\n$/);
      assert.equal(Number(answer.headers['content-length']), Buffer.byteLength(answer.body));
    }
  });

  it('lists the methods of a path', async () => {
    const answer = await call('PATCH', '/ssh-keys/12');
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, 'DELETE, GET, HEAD, OPTIONS');
    assert.equal(answer.body.code, 'method_not_allowed');
    // Without the methods of `/vps/{vpsInstance}`, which is a different path.
    const fixed = await call('PATCH', '/vps/images');
    assert.equal(fixed.headers.allow, 'GET, HEAD, OPTIONS');
    // Nor is the word taken for an id where that other path takes the method.
    assert.equal((await call('DELETE', '/vps/images')).headers.allow, 'GET, HEAD, OPTIONS');
    const form = { payload: 'a=b', headers: { 'content-type': 'text/plain' } };
    for (const options of [{}, form]) {
      assert.equal((await call('QUERY', '/ssh-keys', options)).status, 405);
      assert.equal((await call('POST', '/nothing/here', options)).status, 404);
    }
    const preflight = await call('OPTIONS', '/ssh-keys', { token: null });
    assert.equal(preflight.status, 204);
    assert.match(String(preflight.headers['access-control-allow-headers']), /Authorization/);
  });

  it('tells each field what is wrong', async () => {
    const empty = await call('POST', '/ssh-keys', { headers: { 'content-type': 'application/json' } });
    assert.deepEqual(empty.body.errors, {
      name: ['The name field is required.'],
      public_key: ['The public_key field is required.'],
    });
    assert.equal(empty.body.message, 'The name field is required.');
    const types = await call('POST', '/ssh-keys', {
      body: { name: true, public_key: KEY, is_default: 'yes' },
    });
    assert.deepEqual(types.body.errors, {
      name: ['The name field must be a string.'],
      is_default: ['The is_default field must be true or false.'],
    });
    const nested = await call('POST', '/vps', { body: { configuration: { auto_start: 2 } } });
    assert.deepEqual(nested.body.errors['configuration.auto_start'], [
      'The configuration.auto_start field must be true or false.',
    ]);
  });

  it('rejects text that cannot be stored, and names the field', async () => {
    for (const name of ['a\0b', 'a\ud800b']) {
      const answer = await call('POST', '/ssh-keys', { body: { name, public_key: KEY } });
      assert.equal(answer.status, 422);
      assert.match(answer.body.errors.name[0], /NUL/);
    }
  });

  it('accepts actions without a body or content type', async () => {
    const answer = await call('POST', '/vps/00000000-0000-7000-8000-000000000000/start');
    assert.equal(answer.status, 404);
  });

  /** Sends bytes, and returns all that the server sends until it closes the connection. */
  const sendBytes = (...parts: (string | Buffer)[]): Promise<string> =>
    new Promise<string>((resolve, reject) => {
      const { port } = new URL(test.app.url!);
      let received = '';
      const socket = connect(Number(port), '127.0.0.1', () => {
        for (const part of parts) socket.write(part);
      });
      socket.on('data', (data) => {
        received += data;
      });
      socket.on('end', () => resolve(received)).on('error', reject);
    });

  async function refusesBytes(problem: RegExp, ...parts: (string | Buffer)[]): Promise<void> {
    const text = await sendBytes(...parts);
    assert.match(text, /^HTTP\/1\.1 400 /);
    const { code, message } = JSON.parse(text.split('\r\n\r\n')[1]!);
    assert.equal(code, 'bad_request');
    assert.match(message, problem);
  }

  it('answers bytes that are not HTTP', () => refusesBytes(/./, 'garbage\r\n\r\n'));

  const head = (length: number, ...more: string[]): string =>
    [
      'POST /api/v1/ssh-keys HTTP/1.1',
      'Host: localhost',
      'Connection: close',
      `Authorization: Bearer ${test.team.token}`,
      'Content-Type: application/json',
      `Content-Length: ${length}`,
      ...more,
      '\r\n',
    ].join('\r\n');

  it('rejects a body that is not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"name":"a'), Buffer.from([0xff]), Buffer.from('"}')]);
    await refusesBytes(/not valid UTF-8/, head(body.length), body);
  });

  it('rejects repeated headers and members', async () => {
    await refusesBytes(/the header host twice/, head(2, 'Host: elsewhere'), '{}');
    const keys = ['Idempotency-Key: a', 'Idempotency-Key: b'];
    await refusesBytes(/the header idempotency-key twice/, head(2, ...keys), '{}');
    for (const body of ['{"name":"a","name":"b"}', '{"x":[{"a":1,"\\u0061":2}]}']) {
      await refusesBytes(/twice in one object/, head(body.length), body);
    }
    const alike = '{"name":"x, {\\"name\\"","public_key":"name","is_default":{"name":1}}';
    assert.match(await sendBytes(head(alike.length), alike), /^HTTP\/1\.1 422 /);
  });

  it('rejects a body that is nested too deeply or has too many values, and counts none in texts', async () => {
    const deep = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const long = (values: number) =>
      `{"a":[${Array(values - 3)
        .fill('1,')
        .join('')}1]}`;
    for (const [body, reason] of [
      [deep(33), /nested more than 32 levels deep/],
      ['['.repeat(500_000), /nested more than 32 levels deep/],
      [long(20_001), /has more than 20,000 values/],
      [`{${Array.from({ length: 20_001 }, (_, index) => `"${index}":1`).join()}}`, /more than 20,000 values/],
    ] as const) {
      await refusesBytes(reason, head(body.length), body);
    }
    for (const body of [deep(32), long(20_000), `{"a":"${'[,\\\\\\"{'.repeat(20_000)}"}`]) {
      assert.match(await sendBytes(head(body.length), body), /^HTTP\/1\.1 422 /, body.slice(0, 40));
    }
  });

  it('records when and from where a token was last used', async () => {
    const { token } = await createTeam(test.database);
    const id = Number(token.split('|')[0]);
    await call('GET', '/user/teams', { token });
    const row = await waitFor('the last use', () =>
      test.database.db
        .selectFrom('tokens')
        .selectAll()
        .where('id', '=', id)
        .where('last_used_at', 'is not', null)
        .executeTakeFirst(),
    );
    assert.equal(row.last_used_ip, '127.0.0.1');
  });

  it('sends the security headers', async () => {
    const { headers } = await call('GET', '/health', { token: null });
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.match(String(headers['content-security-policy']), /default-src 'none'/);
  });
});

describe('rate limits', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, null);
  });
  after(() => test?.close());

  it('rejects an account’s request past its limit, whichever token and path it uses', async () => {
    const { token, accountId } = await createTeam(test.database);
    await test.database.db.updateTable('users').set({ tier: 'free' }).where('id', '=', accountId).execute();
    const first = await call('GET', '/user/teams', { token });
    assert.equal(first.headers['x-ratelimit-limit'], '60');
    assert.equal(first.headers['x-ratelimit-remaining'], '59');
    const left = Number(first.headers['x-ratelimit-reset']) - Date.now() / 1000;
    assert.ok(left > 0 && left <= 61, `resets in ${left} s`);
    for (let i = 1; i < 60; i++) assert.notEqual((await call('GET', '/nothing', { token })).status, 429);
    const refused = await call('GET', '/ssh-keys', { token });
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['x-ratelimit-remaining'], '0');
    assert.equal(Number(refused.headers['retry-after']), refused.body.retry_after);
    assert.ok(refused.body.retry_after >= 1 && refused.body.retry_after <= 60);
  });

  it('shows the window with the fewest requests left', async () => {
    const { token, accountId } = await createTeam(test.database);
    await test.database.db
      .updateTable('users')
      .set({ rate_limits: [10, 3, 20] })
      .where('id', '=', accountId)
      .execute();
    const first = await call('GET', '/user/teams', { token });
    assert.equal(first.headers['x-ratelimit-limit'], '3');
    await call('GET', '/user/teams', { token });
    await call('GET', '/user/teams', { token });
    const refused = await call('GET', '/user/teams', { token });
    assert.equal(refused.status, 429);
    assert.ok(refused.body.retry_after > 60);
  });

  it('counts requests without a valid token by address, and never limits the health check', async () => {
    const { token } = await createTeam(test.database);
    let answer = await call('GET', '/user/teams');
    assert.equal(answer.status, 401);
    while (answer.status === 401) answer = await call('GET', '/user/teams', { token: '1|wrong' });
    assert.equal(answer.status, 429);
    assert.equal(answer.headers['x-ratelimit-limit'], '300');
    assert.equal((await call('GET', '/health')).status, 200);
    assert.equal((await call('GET', '/user/teams', { token })).status, 200);
  });
});
