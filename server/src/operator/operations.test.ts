import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { newVps } from '../../test/client.ts';
import {
  createTeam,
  holdBack,
  makeOperator,
  startTestApp,
  type TestApp,
  type TestTeam,
  waitFor,
} from '../../test/harness.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { uuidv7 } from '../lib/ids.ts';

describe('operations in trouble, for operators', () => {
  let test: TestApp;
  let call: ApiClient;
  let customer: TestTeam;
  before(async () => {
    test = await startTestApp({
      still: ['instances'],
      runtime: { retrySeconds: 0, endPatience: { step: 0, undo: 60_000 } },
    });
    await makeOperator(test.database, test.team);
    call = createApiClient(test.app.http, test.team.token);
    customer = await createTeam(test.database);
  });
  after(() => test?.close());

  const act = (id: string, action: 'retry' | 'end', options: object = {}) =>
    call('POST', `/operator/operations/${id}/${action}`, options);
  const shown = async (id: string) => (await call('GET', `/operator/operations?ids=${id}`)).body.data[0];
  const ended = (id: string) =>
    waitFor(`the end of ${id}`, async () => {
      const { data } = (await call('GET', `/operations/${id}?wait=20`, { token: customer.token })).body;
      return data.terminal && data;
    });
  const ask = async (method: 'POST' | 'DELETE', path: string, body?: object) => {
    const answer = await call(method, path, { token: customer.token, ...(body ? { body } : {}) });
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    return answer.body;
  };
  const statusOf = async (id: string) =>
    (await call('GET', `/vps/${id}`, { token: customer.token })).body.instance.status;
  const operationsOf = async (id: string): Promise<string[]> =>
    (
      await test.database.pool.query('select kind from operations where resource_id = $1 order by seq', [id])
    ).rows.map(({ kind }) => kind);

  /** A server whose last operation, to stop it, has failed. */
  async function withFailedStop(): Promise<{ id: string; failed: string }> {
    const { instance, operation_id } = await ask('POST', '/vps', newVps());
    await ended(operation_id);
    test.plane.faults.failNext('ensureStopped', new DataPlaneError('failed', 'It does not stop.'));
    const failed = (await ask('POST', `/vps/${instance.id}/stop`)).operation_id;
    assert.equal((await ended(failed)).state, 'failed');
    return { id: instance.id, failed };
  }

  it('are retried once, whoever asks at once, and carried out then', async () => {
    const { id, failed } = await withFailedStop();
    assert.deepEqual((await shown(failed)).actions, ['retry']);
    const answers = await Promise.all([1, 2, 3].map(() => act(failed, 'retry')));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422, 422]);
    const again = answers.find(({ status }) => status === 200)!.body.operation_id;
    assert.equal((await ended(again)).state, 'succeeded');
    assert.equal(await statusOf(id), 'stopped');
    assert.deepEqual(await operationsOf(id), ['create', 'stop', 'stop']);
    assert.deepEqual((await shown(failed)).actions, []);
    const [entry] = (await call('GET', '/operator/audit?name=retryOperation&status=done')).body.data;
    assert.deepEqual(
      [entry.account_id, entry.resource_type, entry.resource_id],
      [test.team.accountId, 'operation', failed],
    );
  });

  it('are retried once with one Idempotency-Key, which gets the same answer', async () => {
    const { id, failed } = await withFailedStop();
    const headers = { 'idempotency-key': `retry-${failed}` };
    const [first, second] = [
      await act(failed, 'retry', { headers }),
      await act(failed, 'retry', { headers }),
    ];
    assert.deepEqual([first.status, second.body], [200, first.body]);
    await ended(first.body.operation_id);
    assert.deepEqual(await operationsOf(id), ['create', 'stop', 'stop']);
  });

  it('are not retried where the customer went on, the resource has recovered, or a change was taken back', async () => {
    const { id, failed } = await withFailedStop();
    const set = (status: string) =>
      test.database.pool.query('update instances set status = $2 where id = $1', [id, status]);
    await set('running');
    assert.match((await act(failed, 'retry')).body.message, /not in error any more/);
    await set('error');
    await ended((await ask('POST', `/vps/${id}/start`)).operation_id);
    assert.match((await act(failed, 'retry')).body.message, /came after it/);
    const done = (await ask('POST', `/vps/${id}/stop`)).operation_id;
    await ended(done);
    assert.match((await act(done, 'retry')).body.message, /has failed can be retried/);
    const other = uuidv7();
    await test.database.pool.query(
      `insert into operations (id, team_id, resource_type, resource_id, kind, args, state)
       values ($1, $2, 'vps', $3, 'update', '{}', 'failed')`,
      [other, customer.teamId, id],
    );
    assert.deepEqual((await shown(other)).actions, []);
    assert.match((await act(other, 'retry')).body.message, /taken back/);
    for (const unknown of [uuidv7(), 'nonsense']) assert.equal((await act(unknown, 'retry')).status, 404);
    assert.deepEqual(await operationsOf(id), ['create', 'stop', 'start', 'stop', 'update']);
  });

  it('are retried where a creation or a deletion failed', async () => {
    test.plane.faults.failNext('ensureInstance', new DataPlaneError('failed', 'No luck.'));
    const { instance, operation_id } = await ask('POST', '/vps', newVps());
    assert.equal((await ended(operation_id)).state, 'failed');
    await ended((await act(operation_id, 'retry')).body.operation_id);
    assert.equal(await statusOf(instance.id), 'running');
    await ended((await ask('POST', `/vps/${instance.id}/stop`)).operation_id);
    test.plane.faults.failNext('removeInstance', new DataPlaneError('failed', 'No luck.'));
    const failed = (await ask('DELETE', `/vps/${instance.id}`)).operation_id;
    assert.equal((await ended(failed)).state, 'failed');
    await ended((await act(failed, 'retry')).body.operation_id);
    assert.equal((await call('GET', `/vps/${instance.id}`, { token: customer.token })).status, 404);
    assert.match((await act(failed, 'retry')).body.message, /does not exist any more|came after it/);
  });

  it('end when an operator wants it, with what was half done cleaned up, and what waits behind them', async () => {
    const calls = () => test.plane.calls.get('ensureInstance') ?? 0;
    const before = calls();
    const letGo = holdBack(test.plane, 'ensureInstance');
    try {
      const { instance, operation_id } = await ask('POST', '/vps', newVps());
      await waitFor('its hanging step', async () => calls() > before);
      const waiting = (await ask('POST', `/vps/${instance.id}/stop`)).operation_id;
      assert.match((await act(waiting, 'end')).body.message, /waits for another/);
      assert.equal((await act(operation_id, 'end')).status, 200);
      const { state, error } = await ended(operation_id);
      assert.deepEqual([state, error.code], ['failed', 'ended_by_operator']);
      assert.equal((await ended(waiting)).error.code, 'previous_operation_failed');
      assert.equal(await statusOf(instance.id), 'error');
      assert.match((await act(operation_id, 'end')).body.message, /ended already/);
      // The step that was given up changes nothing when it goes on.
      letGo();
      const deleted = await ask('DELETE', `/vps/${instance.id}`);
      assert.equal((await ended(deleted.operation_id)).state, 'succeeded');
      const left = (await test.plane.listInstances()).filter(({ ref }) => ref.name.includes(instance.id));
      assert.deepEqual(left, []);
    } finally {
      letGo();
    }
  });
});
