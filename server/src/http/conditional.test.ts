import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient, ROUTES } from '../../test/api-client.ts';
import { newVps } from '../../test/client.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { testKey } from '../../test/ssh-keys.ts';

describe('an answer that shows one thing', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, test.team.token);
  });
  after(() => test?.close());

  const ifNot = (tag: unknown) => ({ headers: { 'if-none-match': String(tag) } });

  it('is sent again only once it has changed', async () => {
    const { body } = await call('POST', '/vps', { body: newVps() });
    const path = `/vps/${body.instance.id}`;
    const shown = await waitFor('the server to run', async () => {
      const answer = await call('GET', path);
      return answer.body.instance.status === 'running' && answer;
    });
    // The reconciler looks at it all the time, which changes when it was seen last, and nothing else.
    const again = await waitFor('another look at it', async () => {
      const answer = await call('GET', path);
      const { observed_at } = answer.body.instance.status_details;
      return observed_at !== shown.body.instance.status_details.observed_at && answer;
    });
    const { etag } = shown.headers;
    assert.match(String(etag), /^W\/"[\w-]{22}"$/);
    assert.equal(again.headers.etag, etag);
    for (const known of [etag, `"other", ${etag}`, '*', String(etag).replace('W/', '')]) {
      const { status, headers, body: none } = await call('GET', path, ifNot(known));
      assert.deepEqual([status, none, headers.etag], [304, null, etag], String(known));
      assert.equal(headers['content-type'], undefined);
      assert.equal(headers['content-length'], undefined);
    }
    assert.equal((await call('GET', path, ifNot('W/"other"'))).status, 200);
    await call('PUT', path, { body: { name: 'renamed' } });
    const changed = await call('GET', path, ifNot(etag));
    assert.equal(changed.status, 200);
    assert.equal(changed.body.instance.name, 'renamed');
    assert.notEqual(changed.headers.etag, etag);
  });

  it('is tagged, although it names the request', async () => {
    const { body } = await call('POST', '/vps', { body: newVps({ name: 'web-2' }) });
    const path = `/operations/${body.operation_id}`;
    const { headers } = await waitFor('its end', async () => {
      const answer = await call('GET', path);
      return answer.body.data.terminal && answer;
    });
    assert.equal((await call('GET', path, ifNot(headers.etag))).status, 304);
  });

  it('may be kept by its reader alone, who asks each time whether it is still right', async () => {
    const { body } = await call('POST', '/ssh-keys', { body: { name: 'k', public_key: testKey(1) } });
    const path = `/ssh-keys/${body.key.id}`;
    const { headers } = await call('GET', path);
    assert.equal(headers['cache-control'], 'private, no-cache');
    assert.equal(headers.vary, 'Authorization, Cookie, X-Team-Id');
    // Who may not see it does not learn that it is the same.
    const stranger = await createTeam(test.database);
    const foreign = await call('GET', path, { ...ifNot(headers.etag), token: stranger.token });
    assert.equal(foreign.status, 404);
    assert.equal(foreign.headers['cache-control'], 'no-store');
    assert.equal((await call('GET', path, { ...ifNot('*'), token: null })).status, 401);
  });

  it('has the same headers for HEAD', async () => {
    const { body } = await call('POST', '/ssh-keys', { body: { name: 'k', public_key: testKey(2) } });
    const path = `/ssh-keys/${body.key.id}`;
    const shown = await call('GET', path);
    const head = await call('HEAD', path);
    for (const header of ['etag', 'cache-control', 'vary', 'content-length', 'content-type']) {
      assert.equal(head.headers[header], shown.headers[header], header);
    }
    const known = await call('HEAD', path, ifNot(shown.headers.etag));
    assert.deepEqual([known.status, known.body], [304, null]);
  });

  it('is the only one that may be kept: no list, no secret and no answer to a write', async () => {
    const { body, headers } = await call('POST', '/vps', { body: newVps({ name: 'web-3' }) });
    const path = `/vps/${body.instance.id}`;
    const others = [await call('GET', '/vps'), await call('GET', `${path}/password`), { headers }];
    for (const answer of others) {
      assert.equal(answer.headers.etag, undefined);
      assert.equal(answer.headers['cache-control'], 'no-store');
    }
    const tagged = ROUTES.filter(({ operation }) => operation.responses['304']);
    assert.ok(tagged.length >= 10);
    for (const { method, path } of tagged) assert.match(`${method} ${path}`, /^GET .*\}$/);
  });
});
