import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FairQueue } from '../src/lib/fair-queue.ts';
import type { Answer, Call } from './client.ts';
import { type Crashable, createCrashable, findInconsistencies } from './faults.ts';
import { createTeam, type TestTeam } from './harness.ts';
import { ended, type OperationSubject, type Plan } from './operation-subject.ts';
import type { ServerProcess } from './processes.ts';
import { REPEAT, sample } from './seed.ts';
import type { Point } from './traps.ts';

/** Number of kill points of an operation that one run tests alone. */
const ALONE = 3;
/** Operations that are prepared or checked concurrently; more would only wait for each other. */
const AT_ONCE = 16;
/** Seconds to wait for a resumed operation, which is one of a hundred at the same time. */
const PATIENCE = 120;

interface Kill<Kind extends string> {
  kind: Kind;
  point: Point;
}

/**
 * Kills the process after each recorded step and around each verb. First at all points together: each operation, in a
 * team of its own, waits at its point until all others wait at theirs, and then the process is killed. Then at some
 * points alone: the process is killed the moment its only operation gets there.
 */
export function testKills<Kind extends string>(subject: OperationSubject<Kind>, plans: Plan<Kind>[]): void {
  const kills = plans.flatMap(({ kind, steps }) => {
    const verbs = new Set(steps.flatMap((step) => step.verbs));
    const points: Point[] = [
      ...['begin', ...steps.map(({ name }) => name), 'end'].map((step): Point => `step ${step}`),
      ...[...verbs].flatMap((verb): Point[] => [`before ${verb}`, `after ${verb}`]),
    ];
    return points.map((point) => ({ kind, point }));
  });
  testTogether(subject, kills);

  const some = sample(kills, ALONE);
  const title = `${subject.name} workflows when the process is killed for ${some.length} of ${kills.length} (${REPEAT})`;
  describe(title, { concurrency: 2 }, () => {
    for (const { kind, point } of some) {
      it(`${kind}: killed at "${point}"`, async () => {
        const test = await createCrashable();
        try {
          await killAlone(subject, test, kind, point);
        } finally {
          await test.close();
        }
      });
    }
  });
}

async function killAlone<Kind extends string>(
  subject: OperationSubject<Kind>,
  test: Crashable,
  kind: Kind,
  point: Point,
): Promise<void> {
  // Like a careful client, repeats the request with the same Idempotency-Key if no answer came.
  const ask = async (server: ServerProcess, id: string): Promise<Answer> => {
    const call = test.client(server);
    const headers = { 'idempotency-key': 'once' };
    const answer = await subject.start((method, path, body) => call(method, path, body, headers), kind, id);
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    return answer;
  };
  const doomed = await test.start();
  const id = await subject.prepare(test.client(doomed), kind, 'victim');
  await doomed.arm({ teamId: test.team.teamId, point, fate: 'die' });
  const first = await ask(doomed, id).catch(whenCutOff);
  assert.equal(await doomed.ended, 'SIGKILL');

  const next = await test.start();
  const answer = first ?? (await ask(next, id));
  const call = test.client(next);
  assert.equal((await ended(call, answer)).state, 'succeeded');
  await subject.succeeded(call, kind, id, answer);
  next.child.kill('SIGTERM');
  await next.ended;
  assert.deepEqual(
    await test.inspect((plane, objects) => findInconsistencies(test.database, plane, { objects })),
    [],
  );
}

/** Returns null if the server died before it answered; rethrows any other error. */
function whenCutOff(error: unknown): null {
  // The error that `fetch` throws for network failures, by its specification.
  if (error instanceof TypeError) return null;
  throw error;
}

/** An operation on a server that is about to be killed. */
interface Victim<Kind extends string> extends Kill<Kind> {
  team: TestTeam;
  id: string;
  answer: Answer;
}

function testTogether<Kind extends string>(subject: OperationSubject<Kind>, kills: Kill<Kind>[]): void {
  describe(`${subject.name} workflows when the process is killed`, () => {
    let test: Crashable;
    let next: ServerProcess;
    let victims: Promise<Victim<Kind>>[];
    before(async () => {
      test = await createCrashable();
      const doomed = await test.start();
      const turns = new FairQueue({ slots: AT_ONCE });
      victims = kills.map((kill) => turns.run(kill.point, () => park(subject, test, doomed, kill)));
      await Promise.allSettled(victims);
      doomed.child.kill('SIGKILL');
      await doomed.ended;
      next = await test.start();
    });
    after(() => test?.close());

    describe('at this point', { concurrency: AT_ONCE }, () => {
      for (const [index, { kind, point }] of kills.entries()) {
        it(`${kind}: "${point}"`, async () => {
          const { team, id, answer } = await victims[index]!;
          const call: Call = test.client(next, team);
          assert.equal((await ended(call, answer, PATIENCE)).state, 'succeeded');
          await subject.succeeded(call, kind, id, answer);
        });
      }
    });

    it('leaves no team with anything that contradicts itself', async () => {
      next.child.kill('SIGTERM');
      await next.ended;
      const found = await test.inspect((plane, objects) =>
        findInconsistencies(test.database, plane, { objects }),
      );
      const known = await Promise.all(victims);
      const whose = known.map(
        ({ team, kind, point }) => `team ${team.teamId}: ${kind}, killed at "${point}"`,
      );
      assert.deepEqual(
        found,
        [],
        whose.filter((one) => found.some((problem) => problem.startsWith(one.split(',')[0]!))).join('\n'),
      );
    });
  });
}

/** Starts an operation in its own team, and waits until it has reached its point. */
async function park<Kind extends string>(
  subject: OperationSubject<Kind>,
  test: Crashable,
  doomed: ServerProcess,
  { kind, point }: Kill<Kind>,
): Promise<Victim<Kind>> {
  const team = await createTeam(test.database);
  const call = test.client(doomed, team);
  const id = await subject.prepare(call, kind, 'victim');
  await doomed.arm({ teamId: team.teamId, point, fate: 'park' });
  const answer = await subject.start(call, kind, id);
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
  await doomed.parked(team.teamId);
  return { kind, point, team, id, answer };
}
