import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { type Call, clientOf, newVps } from '../../test/client.ts';
import { customerOf } from '../../test/customer.ts';
import { startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { collectLog } from '../../test/log-lines.ts';
import { ended } from '../../test/operation-subject.ts';
import { testKey } from '../../test/ssh-keys.ts';
import { uuidv7 } from '../lib/ids.ts';
import { vpsOperations } from '../resources/vps/operations.ts';
import { accept, DANUBE } from './accept.ts';
import { insertOperation } from './operations-store.ts';
import { deadWorkers } from './upkeep.ts';

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

describe('a step that meets a database without room', () => {
  it('is tried again', async () => {
    let tries = 0;
    const test = await startTestApp({
      runtime: {
        async aroundStep(_operation, _step, run) {
          tries += 1;
          if (tries === 1) throw Object.assign(new Error('No space left on device'), { code: '53100' });
          await run();
        },
      },
    });
    try {
      const call = clientOf(test.app.url!, test.team.token);
      const created = await call('POST', '/vps', newVps());
      const { state } = await ended(call, created);
      assert.equal(state, 'succeeded');
    } finally {
      await test.close();
    }
  });
});

describe('the steps of an operation', () => {
  it('are recorded as DBOS records them, by the execution that owns the workflow', async () => {
    const runs: string[] = [];
    const test = await startTestApp({
      runtime: {
        pollMs: 50,
        async aroundStep({ id }, step, run) {
          runs.push(step);
          await run();
          // As if this process was taken for dead during its first attempt, and the workflow given to another.
          if (runs.filter((name) => name === 'instance').length > 1 || step !== 'instance') return;
          await test.database.pool.query(
            `update dbos.workflow_status set status = 'ENQUEUED', owner_xid = null where workflow_uuid = $1`,
            [id],
          );
        },
      },
    });
    try {
      const call = clientOf(test.app.url!, test.team.token);
      const created = await call('POST', '/vps', newVps());
      assert.equal((await ended(call, created)).state, 'succeeded');
      assert.deepEqual(runs, ['network', 'image', 'instance', 'instance', 'ssh']);
      const steps = await DBOS.listWorkflowSteps(created.body.operation_id);
      const [begin, ...others] = steps!.map(({ name, output }) => ({ name, output }));
      assert.equal(begin!.name, 'begin');
      assert.equal((begin!.output as { id: string }).id, created.body.operation_id);
      assert.deepEqual(
        others,
        ['network', 'image', 'instance', 'ssh', 'end'].map((name) => ({ name, output: null })),
      );
    } finally {
      await test.close();
    }
  });
});

describe('a worker that was paused', () => {
  it('changes nothing any more once another has taken its work over', async () => {
    const { log, lines } = collectLog();
    const test = await startTestApp({ log, still: ['dead-workers', 'instances'], runtime: { pollMs: 50 } });
    const call = clientOf(test.app.url!, test.team.token);
    const { pool } = test.database;
    try {
      const id = await customerOf(call).running('vps');
      const [entered, paused] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      let stops = 0;
      test.plane.faults.before(async (verb) => {
        if (verb !== 'ensureStopped' || ++stops > 1) return;
        entered.resolve();
        await paused.promise;
      });
      const stop = await call('POST', `/vps/${id}/stop`);
      await entered.promise;
      // This process has no work of its own to take over, and is nobody's heir while it lives.
      await pool.query(`update workers set heartbeat_at = now() - interval '1 minute'`);
      await deadWorkers(test.database, 'test', log).run();
      assert.equal(stops, 1);
      await waitFor('the take-over', async () => {
        await pool.query(`update workers set heartbeat_at = now() - interval '1 minute'`);
        await deadWorkers(test.database, 'another', log).run();
        return lines.some((line) => line.includes('took over the work of dead workers'));
      });
      assert.equal((await ended(call, stop)).state, 'succeeded');
      assert.equal((await ended(call, await call('POST', `/vps/${id}/start`))).state, 'succeeded');
      // It is paused until its next heartbeat, which tells it.
      await waitFor('a heartbeat', async () => (await pool.query('select from workers')).rowCount === 1);
      paused.resolve();
      await waitFor('it to give up', async () =>
        lines.some((line) => line.includes('another worker has taken the operation over')),
      );
      const [instance] = await test.plane.listInstances();
      assert.equal(instance!.power, 'running');
      assert.equal(stops, 2);
    } finally {
      await test.close();
    }
  });
});

describe('arguments of operations', () => {
  let test: TestApp;
  let call: Call;
  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
  });
  after(() => test?.close());

  const target = () => ({ type: 'vps', id: uuidv7(), teamId: test.team.teamId, status: 'running' });

  it('are checked when an operation is accepted', async () => {
    const wrong = test.database.transaction((tx) =>
      // @ts-expect-error: the compiler sees that already
      accept(tx, DANUBE, target(), vpsOperations.create, { image: 12 }),
    );
    await assert.rejects(wrong, { message: 'Arguments of "create" that do not fit: /image must be string' });
    const { rows } = await test.database.pool.query('select from operations');
    assert.deepEqual(rows, []);
  });

  it('fail the operation clearly where they were recorded in a way that does not fit', async () => {
    const created = await call('POST', '/vps', newVps({ name: 'web-1' }));
    const { id } = created.body.instance;
    const show = async () => (await call('GET', `/vps/${id}`)).body.instance;
    await waitFor('running', async () => (await show()).status === 'running');
    const older = { ...target(), resourceType: 'vps', resourceId: id, accountId: null, requestId: null };
    const [update, reinstall] = await test.database.transaction(async (tx) => [
      await insertOperation(tx, { ...older, kind: 'update', args: { plan: 'small_shared' } }),
      await insertOperation(tx, { ...older, kind: 'reinstall', args: {} }),
    ]);
    const ended = (operation: string) =>
      waitFor('the operation to end', async () => {
        const { data } = (await call('GET', `/operations/${operation}`)).body;
        return data.terminal && data;
      });
    const { state, error } = await ended(update.id);
    assert.deepEqual([state, error.code, error.retryable], ['failed', 'failed', false]);
    assert.match(error.message, /this version of Danube does not understand/);
    assert.equal((await ended(reinstall.id)).error.code, 'previous_operation_failed');
    const vps = await show();
    assert.deepEqual([vps.status, vps.status_details.error.message], ['error', error.message]);
    assert.equal((await call('DELETE', `/vps/${id}`)).status, 200);
    await waitFor('it to be gone', async () => (await call('GET', `/vps/${id}`)).status === 404);
  });
});
