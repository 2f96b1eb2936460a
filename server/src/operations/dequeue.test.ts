import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { clientOf, newVps } from '../../test/client.ts';
import {
  createTeam,
  startTestApp,
  type TestApp,
  type TestTeam,
  testConfig,
  waitFor,
} from '../../test/harness.ts';
import { uuidv7 } from '../lib/ids.ts';
import { type Claim, claimOperations } from './dequeue.ts';
import { insertOperation, nameTeams } from './operations-store.ts';

describe('the queue of operations', () => {
  let test: TestApp;
  let greedy: number;
  let modest: number;
  before(async () => {
    // Without a worker: the test claims the operations itself.
    test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
    greedy = test.team.teamId;
    modest = (await createTeam(test.database)).teamId;
  });
  afterEach(() => test.database.pool.query('delete from dbos.workflow_status'));
  after(() => test?.close());

  /** Enqueues operations of a team, each on a resource of its own. */
  async function enqueue(teamId: number, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index++) {
      const operation = { teamId, accountId: null, requestId: null, resourceType: 'vps', kind: 'start' };
      const { id } = await test.database.transaction((tx) =>
        insertOperation(tx, { ...operation, resourceId: uuidv7(), args: {} }),
      );
      ids.push(id);
    }
    return ids;
  }

  const claim = (changes: Partial<Claim>) =>
    claimOperations(test.database.pool, {
      version: '2',
      free: 100,
      perTeam: 100,
      executorId: 'a',
      owner: 'b',
      ...changes,
    });

  it('gives teams their turns, and each team its oldest operation', async () => {
    const [a1, a2, a3, a4] = await enqueue(greedy, 4);
    const [b1, b2] = await enqueue(modest, 2);
    assert.deepEqual(await claim({ free: 3 }), { ids: [a1, b1, a2], more: true });
    // A new one of the team with the fewest at work is next.
    assert.deepEqual(await claim({ free: 1 }), { ids: [b2], more: true });
    assert.deepEqual(await claim({}), { ids: [a3, a4], more: false });
    assert.deepEqual(await claim({}), { ids: [], more: false });
  });

  it('starts no more of a team than its bound, in all processes together', async () => {
    const ids = await enqueue(greedy, 5);
    const [b1] = await enqueue(modest, 1);
    const both = await Promise.all(['a', 'b'].map((executorId) => claim({ executorId, perTeam: 2 })));
    const claimed = both.flatMap((one) => one.ids);
    assert.deepEqual(claimed.toSorted(), [ids[0], ids[1], b1].toSorted());
    assert.ok(both.every(({ more }) => more));
    await test.database.pool.query(
      `update dbos.workflow_status set status = 'SUCCESS' where workflow_uuid = $1`,
      [ids[0]],
    );
    assert.deepEqual((await claim({ perTeam: 2 })).ids, [ids[2]]);
  });

  it('leaves operations to the version that they belong to', async () => {
    const [id] = await enqueue(greedy, 1);
    const workflow = (sets: string) => test.database.pool.query(`update dbos.workflow_status set ${sets}`);
    await workflow(`application_version = '1'`);
    assert.deepEqual((await claim({})).ids, []);
    // A new operation is for the latest version, and so not for an older worker that still runs.
    await workflow('application_version = null');
    const { pool } = test.database;
    await pool.query(`insert into dbos.application_versions (version_id, version_name) values ('3', '3')`);
    assert.deepEqual((await claim({})).ids, []);
    await pool.query(`delete from dbos.application_versions where version_name = '3'`);
    assert.deepEqual((await claim({})).ids, [id]);
  });

  it('finds operations that were enqueued without their team', async () => {
    const [id] = await enqueue(greedy, 1);
    await test.database.pool.query('update dbos.workflow_status set queue_partition_key = null');
    await nameTeams(test.database.db);
    assert.deepEqual((await claim({})).ids, [id]);
  });
});

describe('a worker that one team keeps busy', () => {
  const AT_WORK = 4;
  const QUEUED = 10;

  interface Busy {
    test: TestApp;
    modest: TestTeam;
    /** The teams of the operations that have begun, in order. */
    begun: number[];
    /** Lets those that have begun go on. */
    goOn: () => void;
  }

  /** A worker with all that the first team may have at work, and more of it queued; then the other one comes. */
  async function whileBusy(perTeam: number, work: (busy: Busy) => Promise<void>): Promise<void> {
    const begun: number[] = [];
    const { promise: over, resolve: goOn } = Promise.withResolvers<void>();
    const afterStep = async ({ teamId }: { teamId: number }, step: string): Promise<void> => {
      if (step !== 'begin') return;
      begun.push(teamId);
      await over;
    };
    const test = await startTestApp({ runtime: { concurrency: AT_WORK, perTeam, afterStep } });
    try {
      const modest = await createTeam(test.database);
      const create = async ({ token }: TestTeam, name: string): Promise<void> => {
        const answer = await clientOf(test.app.url!, token)('POST', '/vps', newVps({ name }));
        assert.equal(answer.status, 201, JSON.stringify(answer.body));
      };
      for (let index = 0; index < QUEUED; index++) await create(test.team, `web-${index}`);
      await waitFor('the greedy team to be at its bound', async () => begun.length === perTeam);
      await create(modest, 'one');
      await work({ test, modest, begun, goOn });
      goOn();
      await waitFor('all to begin', async () => begun.length === QUEUED + 1);
    } finally {
      goOn();
      await test.close();
    }
  }

  it('has room for another team', () =>
    whileBusy(AT_WORK - 1, async ({ test, modest, begun }) => {
      await waitFor('the modest team', async () => begun.includes(modest.teamId));
      // None of the greedy team's has ended, and no further one has begun.
      assert.deepEqual(begun, [...Array(AT_WORK - 1).fill(test.team.teamId), modest.teamId]);
    }));

  it('takes the other team’s operation next where there is no room', () =>
    whileBusy(AT_WORK, async ({ modest, begun, goOn }) => {
      assert.ok(!begun.includes(modest.teamId));
      goOn();
      await waitFor('the modest team', async () => begun.includes(modest.teamId));
      // It is among those that take the place of the first to end, with many of the greedy team's still queued.
      assert.ok(begun.indexOf(modest.teamId) < 2 * AT_WORK, `${begun}`);
    }));
});
