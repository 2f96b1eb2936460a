import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, newVps } from '../../../test/client.ts';
import { type Crashable, createCrashable, findInconsistencies } from '../../../test/faults.ts';
import { startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';
import { EngineError } from '../../engines/engine.ts';
import type { SimVerb } from '../../engines/sim/faults.ts';
import { vpsWorkflows } from './workflow.ts';

type Kind = keyof ReturnType<typeof vpsWorkflows>;

/** The steps of each workflow, from the code itself, so that a new step cannot be forgotten here. */
const STEPS = Object.entries(
  // Only the names are read; nothing runs.
  vpsWorkflows({ database: {} } as Parameters<typeof vpsWorkflows>[0]),
).map(([kind, workflow]) => ({ kind: kind as Kind, steps: workflow.steps.map((step) => step.name) }));

/** The engine's verb that each step calls. */
const VERBS: Record<string, SimVerb> = {
  network: 'ensureTenant',
  image: 'ensureImage',
  instance: 'ensureInstance',
  ssh: 'waitForSsh',
  start: 'ensureRunning',
  stop: 'ensureStopped',
  settings: 'ensureSettings',
  remove: 'removeInstance',
};

/** State before the operation, the request that starts it, and the state that it must lead to. */
const CASES: Record<Kind, { from: 'none' | 'running' | 'stopped'; to: 'running' | 'stopped' | 'gone' }> = {
  create: { from: 'none', to: 'running' },
  start: { from: 'stopped', to: 'running' },
  stop: { from: 'running', to: 'stopped' },
  reboot: { from: 'running', to: 'running' },
  reinstall: { from: 'running', to: 'running' },
  update: { from: 'running', to: 'running' },
  delete: { from: 'stopped', to: 'gone' },
};

function request(call: Call, kind: Kind, id: string) {
  if (kind === 'create') return call('POST', '/vps', newVps({ name: id }));
  if (kind === 'delete') return call('DELETE', `/vps/${id}`);
  if (kind === 'update') return call('PUT', `/vps/${id}`, { resource_profile: 'small_shared' });
  return call('POST', `/vps/${id}/${kind}`, kind === 'reinstall' ? { image: 'debian-13' } : undefined);
}

async function settle(call: Call, id: string, state: string): Promise<void> {
  await waitFor(`${id} to be ${state}`, async () => {
    const answer = await call('GET', `/vps/${id}/status`);
    return (answer.status === 404 ? 'gone' : answer.body.status) === state;
  });
}

/** Makes a VPS in the state that the operation starts from; returns its id, or for `create` the name to use. */
async function prepare(call: Call, kind: Kind, name: string): Promise<string> {
  const { from } = CASES[kind];
  if (from === 'none') return name;
  const { id } = (await call('POST', '/vps', newVps({ name }))).body.instance;
  await settle(call, id, 'running');
  if (from === 'stopped') {
    await call('POST', `/vps/${id}/stop`);
    await settle(call, id, 'stopped');
  }
  return id;
}

const ended = (call: Call, operation: string) =>
  waitFor('the operation to end', async () => {
    const { data } = (await call('GET', `/operations/${operation}`)).body;
    return data?.terminal && data;
  });

describe('VPS workflows when a step fails', () => {
  let test: TestApp;
  let call: Call;
  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
    await test.database.pool.query(`update teams set quotas = '{"vps": 500}'`);
  });
  after(() => test.close());

  for (const { kind, steps } of STEPS) {
    for (const step of steps) {
      it(`${kind}: ${step} fails once, then works`, async () => {
        const name = await prepare(call, kind, `${kind}-${step}`);
        test.engine.faults.failNext(
          VERBS[step]!,
          new EngineError('unreachable', 'The host does not answer.'),
        );
        const answer = await request(call, kind, name);
        assert.equal((await ended(call, answer.body.operation_id)).state, 'succeeded');
        await settle(call, kind === 'create' ? answer.body.instance.id : name, CASES[kind].to);
        assert.deepEqual(await findInconsistencies(test.database, test.engine), []);
      });

      it(`${kind}: ${step} takes effect, but its answer is lost`, async () => {
        const name = await prepare(call, kind, `${kind}-${step}-lost`);
        const stop = test.engine.faults.after((verb) => {
          if (verb !== VERBS[step]) return;
          stop();
          throw new EngineError('timeout', 'The host did not answer in time.');
        });
        const answer = await request(call, kind, name);
        assert.equal((await ended(call, answer.body.operation_id)).state, 'succeeded');
        await settle(call, kind === 'create' ? answer.body.instance.id : name, CASES[kind].to);
        assert.deepEqual(await findInconsistencies(test.database, test.engine), []);
      });

      it(`${kind}: ${step} fails for good, and the VPS can still be deleted`, async () => {
        const name = await prepare(call, kind, `${kind}-${step}-fails`);
        test.engine.faults.failNext(VERBS[step]!, new EngineError('failed', 'The host refused.'));
        const answer = await request(call, kind, name);
        const operation = await ended(call, answer.body.operation_id);
        assert.deepEqual([operation.state, operation.error.message], ['failed', 'The host refused.']);
        const id = kind === 'create' ? answer.body.instance.id : name;
        if ((await call('GET', `/vps/${id}`)).body.instance.can_be_stopped)
          await call('POST', `/vps/${id}/stop`);
        const deleted = await call('DELETE', `/vps/${id}`);
        assert.equal(deleted.status, 200, JSON.stringify(deleted.body));
        await settle(call, id, 'gone');
        assert.deepEqual(await findInconsistencies(test.database, test.engine), []);
      });
    }
  }
});

describe('VPS workflows when the process is killed', { concurrency: 2 }, () => {
  for (const { kind, steps } of STEPS) {
    const points = [
      ...['begin', ...steps, 'end'].map((step) => `step ${step}`),
      ...steps.flatMap((step) => [`before ${VERBS[step]}`, `after ${VERBS[step]}`]),
    ];
    for (const point of points) {
      it(`${kind}: killed at "${point}"`, async () => {
        const test = await createCrashable();
        try {
          await killAndCheck(test, kind, point);
        } finally {
          await test.close();
        }
      });
    }
  }
});

async function killAndCheck(test: Crashable, kind: Kind, point: string): Promise<void> {
  let id = 'victim';
  if (CASES[kind].from !== 'none') {
    const calm = await test.start();
    id = await prepare(test.client(calm), kind, id);
    calm.child.kill('SIGTERM');
    await calm.ended;
  }
  const doomed = await test.start(point);
  const answer = await request(test.client(doomed), kind, id);
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
  assert.equal(await doomed.ended, 'SIGKILL');

  const next = await test.start();
  const call = test.client(next);
  if (kind === 'create') id = answer.body.instance.id;
  assert.equal((await ended(call, answer.body.operation_id)).state, 'succeeded');
  await settle(call, id, CASES[kind].to);
  next.child.kill('SIGTERM');
  await next.ended;
  assert.deepEqual(await test.inspect((engine) => findInconsistencies(test.database, engine)), []);
}
