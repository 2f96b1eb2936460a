import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { newVps } from '../../test/client.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { UsageError } from '../cli/failure.ts';
import { changeOperator } from '../cli/operator.ts';

describe('the API of operators', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    const { email } = await test.database.db
      .selectFrom('users')
      .select('email')
      .where('id', '=', test.team.accountId)
      .executeTakeFirstOrThrow();
    await changeOperator(test.database, email.toUpperCase(), true);
    call = createApiClient(test.app.http, test.team.token);
  });
  after(() => test?.close());

  it('shows accounts and changes what they may use', async () => {
    const other = await createTeam(test.database);
    const path = `/operator/accounts/${other.accountId}`;
    const changes = { tier: 'free', rate_limits: [10, 20, 30], team_limit: 1 };
    const { status, body } = await call('PUT', path, { body: changes });
    assert.equal(status, 200);
    for (const [member, value] of Object.entries(changes)) assert.deepEqual(body.account[member], value);
    assert.deepEqual((await call('GET', path)).body.account, body.account);
    const created = await call('POST', '/user/teams', { token: other.token, body: { name: 'second' } });
    assert.equal(created.body.limit, 1);
    const { data } = (await call('GET', `/operator/accounts?ids=${other.accountId}`)).body;
    assert.deepEqual([data[0].id, data[0].operator], [other.accountId, false]);
    assert.equal((await call('PUT', '/operator/accounts/999999', { body: { tier: 'pro' } })).status, 404);
  });

  it('sets quotas of a team, which count at once', async () => {
    const other = await createTeam(test.database);
    const path = `/operator/teams/${other.teamId}`;
    const set = (quotas: object) => call('PUT', path, { body: { quotas } });
    assert.match((await set({ vpss: 1 })).body.message, /There is no quota vpss/);
    assert.deepEqual((await set({ vps: 0 })).body.team.quotas, { vps: 0 });
    const refused = await call('POST', '/vps', { token: other.token, body: newVps() });
    assert.deepEqual([refused.body.code, refused.body.limit], ['quota_exceeded', 0]);
    assert.deepEqual((await set({})).body.team.quotas, {});
    assert.equal((await call('POST', '/vps', { token: other.token, body: newVps() })).status, 201);
    assert.equal((await call('GET', path)).body.team.used.vps, 1);
  });

  it('sets prices, and takes plans off the list', async () => {
    const plans = async () =>
      (await call('GET', '/vps/plans')).body.data ?? (await call('GET', '/vps/plans')).body;
    const before = JSON.stringify(await plans());
    assert.ok(before.includes('pico_shared'));
    const set = (changes: object, name = 'pico_shared') =>
      call('PUT', '/operator/plans', { body: { kind: 'vps', name, ...changes } });
    assert.equal((await set({ price_cents: 321 })).body.plan.price_cents, 321);
    assert.ok(JSON.stringify(await plans()).includes('321'));
    assert.equal((await set({ enabled: false })).body.plan.enabled, false);
    assert.ok(!JSON.stringify(await plans()).includes('pico_shared'));
    assert.equal((await set({ enabled: false }, 'none')).status, 404);
    assert.equal((await set({})).status, 422);
  });

  it('shows the install, and operations that have failed or hang', async () => {
    const { body } = await call('GET', '/operator/status');
    assert.ok(body.reconcilers.length > 0 && body.workers.length > 0);
    const { token } = await createTeam(test.database);
    const made = (await call('POST', '/vps', { token, body: newVps() })).body;
    await waitFor(
      'the end',
      async () => (await call('GET', `/operations/${made.operation_id}`, { token })).body.data.terminal,
    );
    const mark = (changes: string) =>
      test.database.pool.query(`update operations set ${changes} where id = $1`, [made.operation_id]);
    const listed = async (query: string) =>
      (await call('GET', `/operator/operations${query}`)).body.data.map(({ id }: { id: string }) => id);
    assert.deepEqual(await listed(''), []);
    await mark(`state = 'failed', error = '{"code": "internal", "message": "Broken.", "retryable": true}'`);
    assert.deepEqual(await listed('?status=failed'), [made.operation_id]);
    assert.deepEqual(await listed('?status=hanging'), []);
  });

  it('shows the audit log of the install, with who became an operator', async () => {
    const { data } = (await call('GET', '/operator/audit?name=grantOperator')).body;
    assert.equal(data.length, 1);
    assert.deepEqual(
      [data[0].credential, data[0].resource_id, data[0].before, data[0].after],
      ['host', String(test.team.accountId), { operator: false }, { operator: true }],
    );
    const exported = await call('GET', '/operator/audit/export');
    assert.ok(exported.body.includes('updateOperatorPlan') && exported.body.includes('createVps'));
    const [quota] = (await call('GET', '/operator/audit?name=updateOperatorTeam')).body.data;
    assert.ok(quota.resource_type === 'team');
  });

  it('is for accounts that there are', async () => {
    await assert.rejects(changeOperator(test.database, 'nobody@example.org', true), UsageError);
  });
});
