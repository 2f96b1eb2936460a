import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EngineError } from '../src/engines/engine.ts';
import type { SimVerb } from '../src/engines/sim/faults.ts';
import type { OperationWorkflow } from '../src/workflows/operation.ts';
import { type Call, clientOf } from './client.ts';
import { type Crashable, createCrashable, findInconsistencies } from './faults.ts';
import { startTestApp, type TestApp, waitFor } from './harness.ts';

/** More than all tests of a file make. */
const QUOTAS = { vps: 1000, database: 1000, cache: 1000, firewall: 1000 };

/** A resource whose operations are put through every failure. */
export interface FaultSubject<Kind extends string> {
  /** For the names of tests, for example `VPS`. */
  name: string;
  /** Below `/api/v1`, for example `/vps`. */
  path: string;
  /** By kind of operation; only the names of the steps are read. */
  workflows: Record<Kind, OperationWorkflow>;
  /** The engine's verbs that a step calls, by `KIND STEP` where it depends on the kind, else by `STEP`. */
  verbs: Record<string, SimVerb[]>;
  /** State before each operation (`none`: there is nothing yet), and the state that it must lead to (or `gone`). */
  cases: Record<Kind, { from: string; to: string }>;
  /** Body of a creation. */
  newBody(name: string): object;
  /** Sends the request that starts an operation other than `create` and `delete`. */
  request(call: Call, kind: Exclude<Kind, 'create' | 'delete'>, id: string): ReturnType<Call>;
  /** What differs where it is not an instance. */
  other?: {
    /** Makes one in the state that operations start from; returns its id. */
    prepare(call: Call, name: string): Promise<string>;
    /** Its state, `gone` once it is. */
    state(call: Call, id: string): Promise<string>;
    /** Removes one, whatever has befallen it. */
    remove(call: Call, id: string): Promise<void>;
  };
}

/**
 * Tests every step of every operation: it fails once, loses its answer, fails for good; and the process is killed after
 * each record and around each verb. The steps come from the code itself, so that a new one cannot be forgotten.
 */
export function testWorkflowFaults<Kind extends string>(subject: FaultSubject<Kind>): void {
  const plans = Object.entries<OperationWorkflow>(subject.workflows).map(([kind, workflow]) => ({
    kind: kind as Kind,
    steps: workflow.steps.map(({ name }) => ({
      name,
      verbs: subject.verbs[`${kind} ${name}`] ?? subject.verbs[name] ?? [],
    })),
  }));

  describe(`${subject.name} workflows when a step fails`, () => {
    let test: TestApp;
    let call: Call;
    before(async () => {
      test = await startTestApp();
      call = clientOf(test.app.url!, test.team.token);
      await test.database.pool.query('update teams set quotas = $1', [QUOTAS]);
    });
    after(() => test.close());

    it('knows the verbs of every step', () => {
      for (const { kind, steps } of plans) {
        for (const { name, verbs } of steps) assert.ok(verbs.length > 0, `${kind} ${name}`);
      }
    });

    let count = 0;
    const nextName = (): string => {
      count += 1;
      return `test-${count}`;
    };
    for (const { kind, steps } of plans) {
      for (const { name: step, verb } of steps.flatMap(({ name, verbs }) =>
        verbs.map((verb) => ({ name, verb })),
      )) {
        it(`${kind}: ${step} (${verb}) fails once, then works`, async () => {
          const id = await prepare(subject, call, kind, nextName());
          test.engine.faults.failNext(verb, new EngineError('unreachable', 'The host does not answer.'));
          const answer = await start(subject, call, kind, id);
          assert.equal((await ended(call, answer.body.operation_id)).state, 'succeeded');
          await settle(
            subject,
            call,
            kind === 'create' ? answer.body.instance.id : id,
            subject.cases[kind].to,
          );
          assert.deepEqual(await findInconsistencies(test.database, test.engine), []);
        });

        it(`${kind}: ${step} (${verb}) takes effect, but its answer is lost`, async () => {
          const id = await prepare(subject, call, kind, nextName());
          const stop = test.engine.faults.after((called) => {
            if (called !== verb) return;
            stop();
            throw new EngineError('timeout', 'The host did not answer in time.');
          });
          const answer = await start(subject, call, kind, id);
          assert.equal((await ended(call, answer.body.operation_id)).state, 'succeeded');
          await settle(
            subject,
            call,
            kind === 'create' ? answer.body.instance.id : id,
            subject.cases[kind].to,
          );
          assert.deepEqual(await findInconsistencies(test.database, test.engine), []);
        });

        it(`${kind}: ${step} (${verb}) fails for good, and it can still be deleted`, async () => {
          const prepared = await prepare(subject, call, kind, nextName());
          test.engine.faults.failNext(verb, new EngineError('failed', 'The host refused.'));
          const answer = await start(subject, call, kind, prepared);
          const operation = await ended(call, answer.body.operation_id);
          assert.deepEqual([operation.state, operation.error.message], ['failed', 'The host refused.']);
          const id = kind === 'create' ? answer.body.instance.id : prepared;
          await remove(subject, call, id);
          await settle(subject, call, id, 'gone');
          assert.deepEqual(await findInconsistencies(test.database, test.engine), []);
        });
      }
    }
  });

  describe(`${subject.name} workflows when the process is killed`, { concurrency: 2 }, () => {
    for (const { kind, steps } of plans) {
      const verbs = new Set(steps.flatMap((step) => step.verbs));
      const points = [
        ...['begin', ...steps.map(({ name }) => name), 'end'].map((step) => `step ${step}`),
        ...[...verbs].flatMap((verb) => [`before ${verb}`, `after ${verb}`]),
      ];
      for (const point of points) {
        it(`${kind}: killed at "${point}"`, async () => {
          const test = await createCrashable();
          try {
            await killAndCheck(subject, test, kind, point);
          } finally {
            await test.close();
          }
        });
      }
    }
  });
}

async function settle<Kind extends string>(
  { path, other }: FaultSubject<Kind>,
  call: Call,
  id: string,
  state: string,
): Promise<void> {
  await waitFor(`${id} to be ${state}`, async () => {
    if (other) return (await other.state(call, id)) === state;
    const answer = await call('GET', `${path}/${id}`);
    return (answer.status === 404 ? 'gone' : answer.body.instance.status) === state;
  });
}

async function remove<Kind extends string>(
  { path, other }: FaultSubject<Kind>,
  call: Call,
  id: string,
): Promise<void> {
  if (other) return other.remove(call, id);
  if ((await call('GET', `${path}/${id}`)).body.instance.can_be_stopped) {
    await call('POST', `${path}/${id}/stop`);
  }
  const deleted = await call('DELETE', `${path}/${id}`);
  assert.equal(deleted.status, 200, JSON.stringify(deleted.body));
}

/** Makes an instance in the state that the operation starts from; returns its id, or for `create` the name to use. */
async function prepare<Kind extends string>(
  subject: FaultSubject<Kind>,
  call: Call,
  kind: Kind,
  name: string,
): Promise<string> {
  const { from } = subject.cases[kind];
  if (from === 'none') return name;
  if (subject.other) return subject.other.prepare(call, name);
  const created = await call('POST', subject.path, subject.newBody(name));
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const { id } = created.body.instance;
  await settle(subject, call, id, 'running');
  if (from === 'stopped') {
    await call('POST', `${subject.path}/${id}/stop`);
    await settle(subject, call, id, 'stopped');
  }
  return id;
}

function start<Kind extends string>(
  subject: FaultSubject<Kind>,
  call: Call,
  kind: Kind,
  id: string,
): ReturnType<Call> {
  if (kind === 'create') return call('POST', subject.path, subject.newBody(id));
  if (kind === 'delete') return call('DELETE', `${subject.path}/${id}`);
  return subject.request(call, kind as Exclude<Kind, 'create' | 'delete'>, id);
}

const ended = (call: Call, operation: string) =>
  waitFor('the operation to end', async () => {
    const { data } = (await call('GET', `/operations/${operation}`)).body;
    return data?.terminal && data;
  });

async function killAndCheck<Kind extends string>(
  subject: FaultSubject<Kind>,
  test: Crashable,
  kind: Kind,
  point: string,
): Promise<void> {
  let id = 'victim';
  if (subject.cases[kind].from !== 'none') {
    const calm = await test.start();
    id = await prepare(subject, test.client(calm), kind, id);
    calm.child.kill('SIGTERM');
    await calm.ended;
  }
  const doomed = await test.start(point);
  const answer = await start(subject, test.client(doomed), kind, id);
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
  assert.equal(await doomed.ended, 'SIGKILL');

  const next = await test.start();
  const call = test.client(next);
  if (kind === 'create') id = answer.body.instance.id;
  assert.equal((await ended(call, answer.body.operation_id)).state, 'succeeded');
  await settle(subject, call, id, subject.cases[kind].to);
  next.child.kill('SIGTERM');
  await next.ended;
  assert.deepEqual(await test.inspect((engine) => findInconsistencies(test.database, engine)), []);
}
