import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { AppOptions } from '../src/app.ts';
import { DataPlaneError } from '../src/dataplane/contract/errors.ts';
import { type Answer, type Call, clientOf } from './client.ts';
import { findInconsistencies } from './faults.ts';
import { createTeam, startTestApp, type TestApp } from './harness.ts';
import { ended, type OperationSubject, type Plan } from './operation-subject.ts';
import { type AnyVerb, createTraps, type Point, type Traps } from './traps.ts';

/** Concurrent tests: they mostly wait for the next poll, and for retries. */
const AT_ONCE = 16;

/**
 * Lets each verb of each step, or a step without verbs, fail once, lose its answer, and fail permanently: all on one
 * server, in a team each. `open` starts the server.
 */
export function testStepFailures<Kind extends string>(
  subject: OperationSubject<Kind>,
  plans: Plan<Kind>[],
  open: (runtime: NonNullable<AppOptions['runtime']>) => Promise<TestApp> = (runtime) =>
    startTestApp({ runtime }),
): void {
  describe(`${subject.name} workflows when a step fails`, { concurrency: AT_ONCE }, () => {
    let test: TestApp;
    const traps = createTraps();
    before(async () => {
      const { aroundStep, afterStep } = traps;
      test = await open({ aroundStep, afterStep });
      traps.watch(test.plane.faults);
      traps.watch(test.objects.faults);
    });
    after(async () => {
      const found = await findInconsistencies(test.database, test.plane, { objects: test.objects });
      await test.close();
      assert.deepEqual(found, []);
    });

    for (const { kind, steps } of plans) {
      for (const place of steps.flatMap(placesOf)) {
        testPlace(subject, kind, place, (point, error, check) =>
          meet(test, traps, subject, { kind, point, error, check }),
        );
      }
    }
  });
}

type Check = (call: Call, id: string, answer: Answer) => Promise<void>;
type Failing = (point: Point, error: DataPlaneError, check: Check) => Promise<void>;

/** Declares the tests of a place. */
function testPlace<Kind extends string>(
  subject: OperationSubject<Kind>,
  kind: Kind,
  { what, place }: Place,
  fails: Failing,
): void {
  const succeeds: Check = async (call, id, answer) => {
    assert.equal((await ended(call, answer)).state, 'succeeded');
    await subject.succeeded(call, kind, id, answer);
  };
  it(`${kind}: ${what} fails once, then works`, () =>
    fails(`before ${place}`, new DataPlaneError('unreachable', 'The host does not answer.'), succeeds));

  it(`${kind}: ${what} takes effect, but its answer is lost`, () =>
    fails(`after ${place}`, new DataPlaneError('timeout', 'The host did not answer in time.'), succeeds));

  it(`${kind}: ${what} fails for good, and it can be gone on from there`, () =>
    fails(`before ${place}`, new DataPlaneError('failed', 'The host refused.'), async (call, id, answer) => {
      const operation = await ended(call, answer);
      assert.deepEqual([operation.state, operation.error.message], ['failed', 'The host refused.']);
      await subject.recover(call, kind, id, answer);
    }));
}

/** Starts the operation for a team of its own, injects the error at the point, and checks the result. */
async function meet<Kind extends string>(
  test: TestApp,
  traps: Traps,
  subject: OperationSubject<Kind>,
  { kind, point, error, check }: { kind: Kind; point: Point; error: DataPlaneError; check: Check },
): Promise<void> {
  const { teamId, token } = await createTeam(test.database);
  const call = clientOf(test.app.url!, token);
  const id = await subject.prepare(call, kind, 'test');
  let met = false;
  traps.set(teamId, point, () => {
    met = true;
    throw error;
  });
  const answer = await subject.start(call, kind, id);
  await check(call, id, answer);
  assert.ok(met, 'The operation never got there.');
  assert.deepEqual(
    await findInconsistencies(test.database, test.plane, { only: teamId, objects: test.objects }),
    [],
  );
}

interface Place {
  what: string;
  place: AnyVerb | `step ${string}`;
}

/** The places where a step can fail. */
const placesOf = ({ name, verbs }: Plan<string>['steps'][number]): Place[] =>
  verbs.length === 0
    ? [{ what: name, place: `step ${name}` }]
    : verbs.map((verb) => ({ what: `${name} (${verb})`, place: verb }));
