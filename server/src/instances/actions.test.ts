import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Answer, type Call, clientOf, newCache, newDatabase, newVps } from '../../test/client.ts';
import { startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { SERVICE_IMAGES } from '../images/recipes.ts';

/** What a customer can ask an instance to do, as request. */
const ACTIONS: Record<string, (path: string) => [method: string, path: string]> = {
  start: (path) => ['POST', `${path}/start`],
  stop: (path) => ['POST', `${path}/stop`],
  'force-stop': (path) => ['POST', `${path}/force-stop`],
  reboot: (path) => ['POST', `${path}/reboot`],
  delete: (path) => ['DELETE', path],
};

/** The answer to each action, by kind and by the state that the instance has or will have: a refusal, or null. */
const EXPECTED: Record<string, Record<string, RegExp | null>> = {
  running: {
    start: /is running already/,
    stop: null,
    'force-stop': null,
    reboot: null,
    delete: /is running\. Stop it before you delete it/,
  },
  stopped: {
    start: null,
    stop: /is stopped already/,
    'force-stop': /is stopped already/,
    reboot: /is stopped, or about to\. Start it first/,
    delete: null,
  },
  deleted: {
    start: /is being deleted/,
    stop: /is being deleted/,
    'force-stop': /is being deleted/,
    reboot: /is being deleted/,
    delete: /is being deleted/,
  },
};

const KINDS: Record<string, { noun: string; body: () => object; actions: string[] }> = {
  vps: { noun: 'server', body: newVps, actions: ['start', 'stop', 'reboot', 'delete'] },
  database: { noun: 'database', body: newDatabase, actions: ['start', 'stop', 'force-stop', 'delete'] },
  cache: { noun: 'cache', body: newCache, actions: ['start', 'stop', 'force-stop', 'delete'] },
};

describe('every action in every state', () => {
  let test: TestApp;
  let call: Call;
  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
    for (const image of SERVICE_IMAGES) await test.plane.ensureImage(image);
  });
  after(() => test?.close());

  /** Creates an instance, and brings it to the state. */
  async function create(kind: string, state: string): Promise<string> {
    const created = await call('POST', `/${kind}`, KINDS[kind]!.body());
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const path = `/${kind}/${created.body.instance.id}`;
    await reaches(path, 'running');
    if (state === 'running') return path;
    assert.equal((await call('POST', `${path}/stop`)).status, 200);
    await reaches(path, 'stopped');
    // As if its deletion had been accepted, and waited for its turn.
    if (state === 'deleted')
      await test.database.pool.query(`update instances set desired = 'deleted' where id = $1`, [
        created.body.instance.id,
      ]);
    return path;
  }

  const reaches = (path: string, status: string) =>
    waitFor(`${path} to be ${status}`, async () => (await call('GET', path)).body.instance.status === status);

  function judge(what: string, { status, body }: Answer, noun: string, refusal: RegExp | null): void {
    const text = JSON.stringify(body);
    if (refusal === null) {
      assert.equal(status, 200, `${what}: ${text}`);
      assert.ok(body.operation_id, `${what}: ${text}`);
      return;
    }
    assert.deepEqual([status, body.code], [422, 'invalid_state'], `${what}: ${text}`);
    assert.match(body.message, refusal, what);
    assert.ok(body.message.startsWith(`The ${noun} `), `${what}: ${text}`);
  }

  for (const [kind, { noun, actions }] of Object.entries(KINDS)) {
    for (const [state, expected] of Object.entries(EXPECTED)) {
      it(`is done or refused with a sentence that makes sense: a ${noun} that is ${state}`, async () => {
        // Refused ones first: they change nothing, so they share an instance.
        const [refused, done] = [true, false].map((refuses) =>
          actions.filter((action) => (expected[action] !== null) === refuses),
        ) as [string[], string[]];
        const path = await create(kind, state);
        for (const action of refused) {
          judge(action, await call(...(ACTIONS[action]!(path) as [string, string])), noun, expected[action]!);
        }
        for (const [index, action] of done.entries()) {
          const own = index === 0 ? path : await create(kind, state);
          judge(action, await call(...(ACTIONS[action]!(own) as [string, string])), noun, null);
        }
      });
    }
  }
});
