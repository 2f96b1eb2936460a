import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { testKey } from '../../test/ssh-keys.ts';
import { uuidv7 } from '../lib/ids.ts';

describe('GET /operations/{operation}', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, test.team.token);
  });
  after(() => test?.close());

  it('follows an operation to its end', async () => {
    const key = await call('POST', '/ssh-keys', { body: { name: 'k', public_key: testKey(1) } });
    const vps = await call('POST', '/vps', {
      body: {
        name: 'web-1',
        image: 'debian-12',
        datacenter: 'fsn1',
        resource_profile: 'nano_shared',
        auth_method: 'ssh_key',
        ssh_key_id: key.body.key.id,
      },
    });
    const path = `/operations/${vps.body.operation_id}`;
    const { body } = await waitFor('the operation', async () => {
      const answer = await call('GET', path);
      return answer.body.data.terminal && answer;
    });
    assert.equal(body.success, true);
    assert.equal(body.data.state, 'succeeded');
    assert.equal(body.data.percent, 100);
    assert.equal(body.data.poll_after_ms, 0);
    assert.equal(body.data.resource_type, 'vps');
    assert.equal(body.data.resource_id, vps.body.instance.id);
    assert.ok(body.data.started_at <= body.data.finished_at);
  });

  it('shows why one failed', async () => {
    const id = uuidv7();
    await test.database.db
      .insertInto('operations')
      .values({
        id,
        team_id: test.team.teamId,
        resource_type: 'vps',
        resource_id: uuidv7(),
        kind: 'start',
        state: 'failed',
        error: JSON.stringify({ code: 'failed', message: 'It broke.', retryable: false, internal: 'secret' }),
      })
      .execute();
    const { body } = await call('GET', `/operations/${id}`);
    assert.deepEqual(body.data.error, { code: 'failed', message: 'It broke.', retryable: false });
    assert.equal(body.data.terminal, true);
  });

  it('is the only one of its resource that is at work', async () => {
    const resource_id = uuidv7();
    const insert = (state: string) =>
      test.database.db
        .insertInto('operations')
        .values({
          id: uuidv7(),
          team_id: test.team.teamId,
          resource_type: 'vps',
          resource_id,
          kind: 'start',
          state,
        })
        .execute();
    await insert('running');
    await insert('queued');
    await assert.rejects(insert('pending'), { code: '23505' });
    await test.database.pool.query('delete from operations where resource_id = $1', [resource_id]);
  });

  it('is 404 for an unknown or malformed id', async () => {
    for (const id of [uuidv7(), 'nonsense', '1']) {
      assert.equal((await call('GET', `/operations/${id}`)).status, 404);
    }
  });
});
