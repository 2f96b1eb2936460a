import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Answer, type Call, clientOf, newCache, newDatabase, newVps } from '../../test/client.ts';
import { startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { SERVICE_IMAGES } from '../images/recipes.ts';

/** What a customer can ask an instance to do, as request; `path` is `/KIND/ID`. */
const ACTIONS: Record<string, (path: string) => [method: string, path: string, body?: object]> = {
  start: (path) => ['POST', `${path}/start`],
  stop: (path) => ['POST', `${path}/stop`],
  'force-stop': (path) => ['POST', `${path}/force-stop`],
  reboot: (path) => ['POST', `${path}/reboot`],
  reinstall: (path) => ['POST', `${path}/reinstall`, { image: 'debian-12' }],
  update: (path) => ['PUT', path, { resource_profile: path.startsWith('/vps') ? 'micro_shared' : 'small' }],
  snapshot(path) {
    const [, kind, id] = path.split('/');
    return ['POST', `/snapshots/${kind}`, { name: 'now', [`${kind}_instance_id`]: id }];
  },
  delete: (path) => ['DELETE', path],
};

/**
 * The answer to each action, by kind and by the state that the instance has or will have: a refusal, or null. The update of
 * one that has failed differs between the kinds, and has a test of its own.
 */
const EXPECTED: Record<string, Record<string, RegExp | null>> = {
  running: {
    start: /is running already/,
    stop: null,
    'force-stop': null,
    reboot: null,
    reinstall: null,
    update: null,
    snapshot: null,
    delete: /is running\. Stop it before you delete it/,
  },
  stopped: {
    start: null,
    stop: /is stopped already/,
    'force-stop': /is stopped already/,
    reboot: /is stopped, or about to\. Start it first/,
    reinstall: null,
    update: null,
    snapshot: null,
    delete: null,
  },
  failed: {
    start: null,
    stop: null,
    'force-stop': null,
    reboot: /has a problem .*Restore a snapshot of it, reinstall or delete it/,
    reinstall: null,
    snapshot: /has a problem .*Mend it before you take a snapshot of it/,
    delete: null,
  },
  deleted: {
    start: /is being deleted/,
    stop: /is being deleted/,
    'force-stop': /is being deleted/,
    reboot: /is being deleted/,
    reinstall: /is being deleted/,
    update: /is being deleted/,
    snapshot: /is being deleted/,
    delete: /is being deleted/,
  },
};

const COMMON = ['start', 'stop', 'update', 'snapshot', 'delete'];
const KINDS: Record<string, { noun: string; body: () => object; actions: string[] }> = {
  vps: { noun: 'server', body: newVps, actions: [...COMMON, 'reboot', 'reinstall'] },
  database: { noun: 'database', body: newDatabase, actions: [...COMMON, 'force-stop'] },
  cache: { noun: 'cache', body: newCache, actions: [...COMMON, 'force-stop'] },
};

describe('every action in every state', () => {
  let test: TestApp;
  let call: Call;
  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
    const quotas = JSON.stringify({ vps: 100, database: 100, cache: 100, storage_gb: 10_000 });
    await test.database.pool.query('update teams set quotas = quotas || $1', [quotas]);
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
    // As if its deletion had been accepted, and waited for its turn; or as if an operation had failed for good.
    const change = { deleted: `desired = 'deleted'`, failed: `status = 'error'` }[state];
    if (change) {
      const { id } = created.body.instance;
      await test.database.pool.query(`update instances set ${change} where id = $1`, [id]);
    }
    return path;
  }

  const reaches = (path: string, status: string) =>
    waitFor(`${path} to be ${status}`, async () => (await call('GET', path)).body.instance.status === status);

  function judge(what: string, { status, body }: Answer, noun: string, refusal: RegExp | null): void {
    const text = JSON.stringify(body);
    if (refusal === null) {
      assert.ok(status === 200 || status === 201, `${what}: ${status} ${text}`);
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
          actions.filter((action) => action in expected && (expected[action] !== null) === refuses),
        ) as [string[], string[]];
        const path = await create(kind, state);
        for (const action of refused) {
          judge(action, await call(...ACTIONS[action]!(path)), noun, expected[action]!);
        }
        for (const [index, action] of done.entries()) {
          const own = index === 0 ? path : await create(kind, state);
          judge(action, await call(...ACTIONS[action]!(own)), noun, null);
        }
      });
    }
  }

  it('is done later where it may mend a database or cache that has failed, and refused for a server', async () => {
    const server = await call(...ACTIONS.update!(await create('vps', 'failed')));
    judge('update', server, 'server', /has a problem .*Mend it before you change its plan/);
    for (const kind of ['database', 'cache']) {
      const { status, body } = await call(...ACTIONS.update!(await create(kind, 'failed')));
      assert.equal(status, 200, JSON.stringify(body));
      assert.match(body.message, /was updated\. What changed takes effect when it is started\.$/);
      assert.equal(body.operation_id, null);
    }
  });
});
