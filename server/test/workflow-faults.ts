import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DataPlaneError } from '../src/dataplane/contract/errors.ts';
import type { SimVerb } from '../src/dataplane/sim/faults.ts';
import type { OperationWorkflow } from '../src/operations/operation.ts';
import { type Answer, type Call, clientOf } from './client.ts';
import { type Crashable, createCrashable, findInconsistencies } from './faults.ts';
import { startTestApp, type TestApp, waitFor } from './harness.ts';

/** More than all tests of a file make. */
const QUOTAS = { vps: 1000, database: 1000, cache: 1000, firewall: 1000 };

type Settled = 'running' | 'stopped';

/** Operations that are put through every failure. */
export interface OperationSubject<Kind extends string> {
  /** For the names of tests, for example `VPS`. */
  name: string;
  /** By kind of operation; only the names of the steps are read. */
  workflows: Record<Kind, Pick<OperationWorkflow, 'steps'>>;
  /** The data plane's verbs that a step calls, by `KIND STEP` where it depends on the kind, else by `STEP`. */
  verbs: Record<string, SimVerb[]>;
  /** Makes what the operation needs; returns what {@link start} is to know it by. */
  prepare(call: Call, kind: Kind, name: string): Promise<string>;
  /** Sends the request that starts the operation. */
  start(call: Call, kind: Kind, id: string): ReturnType<Call>;
  /** Resolves once what the operation leads to shows. */
  succeeded(call: Call, kind: Kind, id: string, answer: Answer): Promise<void>;
  /** Does what must still be possible after the operation has failed. */
  recover(call: Call, kind: Kind, id: string, answer: Answer): Promise<void>;
}

/**
 * Tests every step of every operation: it fails once, loses its answer, fails for good; and the process is killed after
 * each record and around each verb. The steps come from the code itself, so that a new one cannot be forgotten.
 */
export function testOperationFaults<Kind extends string>(subject: OperationSubject<Kind>): void {
  const plans = Object.entries<Pick<OperationWorkflow, 'steps'>>(subject.workflows).map(
    ([kind, workflow]) => ({
      kind: kind as Kind,
      steps: workflow.steps.map(({ name }) => ({
        name,
        verbs: subject.verbs[`${kind} ${name}`] ?? subject.verbs[name] ?? [],
      })),
    }),
  );

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
    const succeeds = async (kind: Kind, id: string) => {
      const answer = await subject.start(call, kind, id);
      assert.equal((await ended(call, answer)).state, 'succeeded');
      await subject.succeeded(call, kind, id, answer);
      assert.deepEqual(await findInconsistencies(test.database, test.plane), []);
    };
    for (const { kind, steps } of plans) {
      for (const { name: step, verb } of steps.flatMap(({ name, verbs }) =>
        verbs.map((verb) => ({ name, verb })),
      )) {
        it(`${kind}: ${step} (${verb}) fails once, then works`, async () => {
          const id = await subject.prepare(call, kind, nextName());
          test.plane.faults.failNext(verb, new DataPlaneError('unreachable', 'The host does not answer.'));
          await succeeds(kind, id);
        });

        it(`${kind}: ${step} (${verb}) takes effect, but its answer is lost`, async () => {
          const id = await subject.prepare(call, kind, nextName());
          const stop = test.plane.faults.after((called) => {
            if (called !== verb) return;
            stop();
            throw new DataPlaneError('timeout', 'The host did not answer in time.');
          });
          await succeeds(kind, id);
        });

        it(`${kind}: ${step} (${verb}) fails for good, and it can be gone on from there`, async () => {
          const id = await subject.prepare(call, kind, nextName());
          test.plane.faults.failNext(verb, new DataPlaneError('failed', 'The host refused.'));
          const answer = await subject.start(call, kind, id);
          const operation = await ended(call, answer);
          assert.deepEqual([operation.state, operation.error.message], ['failed', 'The host refused.']);
          await subject.recover(call, kind, id, answer);
          assert.deepEqual(await findInconsistencies(test.database, test.plane), []);
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

const ended = (call: Call, { status, body }: Answer) => {
  assert.ok(status < 300, JSON.stringify(body));
  return waitFor('the operation to end', async () => {
    const { data } = (await call('GET', `/operations/${body.operation_id}`)).body;
    return data?.terminal && data;
  });
};

async function killAndCheck<Kind extends string>(
  subject: OperationSubject<Kind>,
  test: Crashable,
  kind: Kind,
  point: string,
): Promise<void> {
  const calm = await test.start();
  const id = await subject.prepare(test.client(calm), kind, 'victim');
  calm.child.kill('SIGTERM');
  await calm.ended;
  const doomed = await test.start(point);
  const answer = await subject.start(test.client(doomed), kind, id);
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
  assert.equal(await doomed.ended, 'SIGKILL');

  const next = await test.start();
  const call = test.client(next);
  assert.equal((await ended(call, answer)).state, 'succeeded');
  await subject.succeeded(call, kind, id, answer);
  next.child.kill('SIGTERM');
  await next.ended;
  assert.deepEqual(await test.inspect((plane) => findInconsistencies(test.database, plane)), []);
}

/** An instance whose operations are put through every failure. */
export interface FaultSubject<Kind extends string>
  extends Pick<OperationSubject<Kind>, 'name' | 'workflows' | 'verbs'> {
  /** Below `/api/v1`, for example `/vps`. */
  path: string;
  /** State before each operation, and the state that it must lead to. */
  cases: Record<Kind, { from: 'none' | Settled; to: Settled | 'gone' }>;
  /** Body of a creation. */
  newBody(name: string): object;
  /** Makes what an operation needs besides its instance. */
  equip?(call: Call, kind: Kind, id: string): Promise<void>;
  /** Sends the request that starts an operation other than `create` and `delete`. */
  request(call: Call, kind: Exclude<Kind, 'create' | 'delete'>, id: string): ReturnType<Call>;
}

/** {@link testOperationFaults} for the operations of an instance, each from its creation on. */
export function testWorkflowFaults<Kind extends string>(subject: FaultSubject<Kind>): void {
  const { name, workflows, verbs, path, cases } = subject;
  const idOf = (kind: Kind, id: string, { body }: Answer): string =>
    kind === 'create' ? body.instance.id : id;
  testOperationFaults<Kind>({
    name,
    workflows,
    verbs,
    prepare: (call, kind, given) => prepare(subject, call, kind, given),
    start: (call, kind, id) => start(subject, call, kind, id),
    succeeded: (call, kind, id, answer) => settle(subject, call, idOf(kind, id, answer), cases[kind].to),
    async recover(call, kind, given, answer) {
      const id = idOf(kind, given, answer);
      if ((await call('GET', `${path}/${id}`)).body.instance.can_be_stopped) {
        await call('POST', `${path}/${id}/stop`);
      }
      const deleted = await call('DELETE', `${path}/${id}`);
      assert.equal(deleted.status, 200, JSON.stringify(deleted.body));
      await settle(subject, call, id, 'gone');
    },
  });
}

async function settle<Kind extends string>(
  { path }: FaultSubject<Kind>,
  call: Call,
  id: string,
  state: string,
): Promise<void> {
  await waitFor(`${id} to be ${state}`, async () => {
    const answer = await call('GET', `${path}/${id}`);
    return (answer.status === 404 ? 'gone' : answer.body.instance.status) === state;
  });
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
  const created = await call('POST', subject.path, subject.newBody(name));
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const { id } = created.body.instance;
  await settle(subject, call, id, 'running');
  if (from === 'stopped') {
    await call('POST', `${subject.path}/${id}/stop`);
    await settle(subject, call, id, 'stopped');
  }
  await subject.equip?.(call, kind, id);
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
