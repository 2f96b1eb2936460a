import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, newVps } from '../../test/client.ts';
import { createTeam, holdBack, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';

describe('GET /operations/{operation}?wait=', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp();
  });
  after(() => test?.close());

  const newCall = async () => clientOf(test.app.url!, (await createTeam(test.database)).token);

  async function create(call: Call): Promise<string> {
    const { status, body } = await call('POST', '/vps', newVps());
    assert.equal(status, 201, JSON.stringify(body));
    return body.operation_id;
  }

  /** Asks with `wait`; `isOver` tells whether the answer is there. */
  function ask(call: Call, operation: string, seconds = 60) {
    const request = {
      isOver: false,
      answer: call('GET', `/operations/${operation}?wait=${seconds}`).finally(() => {
        request.isOver = true;
      }),
    };
    return request;
  }

  it('answers when the operation has ended', async () => {
    const call = await newCall();
    const { status, body } = await ask(call, await create(call)).answer;
    assert.deepEqual([status, body.data.state, body.data.terminal], [200, 'succeeded', true]);
    // One that has ended already.
    assert.equal((await ask(call, body.data.operation_id).answer).body.data.state, 'succeeded');
  });

  it('takes neither the turns of the team nor connections of the database while it waits', async () => {
    const letGo = holdBack(test.plane, 'ensureInstance');
    const calls = [await newCall(), await newCall()];
    const operations = await Promise.all(calls.map(create));
    // More than the pool has connections, and many more than a team has turns.
    const waiting = calls.flatMap((call, index) =>
      Array.from({ length: 15 }, () => ask(call, operations[index]!)),
    );
    for (const call of calls) {
      for (let round = 0; round < 5; round++) assert.equal((await call('GET', '/vps')).status, 200);
    }
    assert.ok(waiting.every(({ isOver }) => !isOver));
    letGo();
    for (const { answer } of waiting) assert.equal((await answer).body.data.state, 'succeeded');
  });

  it('answers with what there is after the time, and to more than 20 of a team at once', async () => {
    const letGo = holdBack(test.plane, 'ensureInstance');
    const call = await newCall();
    const operation = await create(call);
    assert.equal((await ask(call, operation, 1).answer).body.data.terminal, false);
    const waiting = Array.from({ length: 22 }, () => ask(call, operation));
    const over = () => waiting.filter(({ isOver }) => isOver);
    await waitFor('those beyond the bound to be answered', async () => over().length === 2);
    for (const { answer } of over()) assert.equal((await answer).body.data.terminal, false);
    letGo();
    for (const { answer } of waiting) assert.equal((await answer).status, 200);
  });

  /** Sends requests that wait, and hangs up while the server looks the operation up for the first time. */
  async function hangUp(token: string, operation: string): Promise<void> {
    const { pool } = test.database;
    const sockets: Socket[] = [];
    const note = (socket: Socket) => sockets.push(socket);
    test.app.http.server.on('connection', note);
    const lock = await pool.connect();
    try {
      await lock.query('begin; lock table operations in access exclusive mode');
      const url = `${test.app.url}/api/v1/operations/${operation}?wait=60`;
      const headers = { authorization: `Bearer ${token}` };
      const requests = Array.from({ length: 4 }, () => get(url, { agent: false, headers }));
      await waitFor('the requests to wait for the table', async () => {
        const { rows } = await pool.query(
          `select count(*)::int from pg_stat_activity where datname = current_database()
            and wait_event_type = 'Lock' and query like '%from "operations" where "id" = $1 and "team_id"%'`,
        );
        return rows[0].count === requests.length;
      });
      for (const request of requests) {
        request.destroy();
        await once(request, 'error');
      }
      await waitFor('the server to notice', async () => sockets.every(({ destroyed }) => destroyed));
    } finally {
      await lock.query('rollback');
      lock.release();
      test.app.http.server.off('connection', note);
    }
  }

  it('forgets clients that have hung up, at whatever moment', async () => {
    const letGo = holdBack(test.plane, 'ensureInstance');
    const { token } = await createTeam(test.database);
    const call = clientOf(test.app.url!, token);
    const operation = await create(call);
    await hangUp(token, operation);
    const waiting = Array.from({ length: 21 }, () => ask(call, operation));
    await waitFor('the one beyond the bound', async () => waiting.some(({ isOver }) => isOver));
    for (let round = 0; round < 3; round++) await call('GET', `/operations/${operation}`);
    letGo();
    const answers = await Promise.all(waiting.map(({ answer }) => answer));
    assert.equal(answers.filter(({ body }) => !body.data.terminal).length, 1);
  });

  it('is checked as without it', async () => {
    const call = await newCall();
    const operation = await create(call);
    const stranger = await newCall();
    assert.equal((await stranger('GET', `/operations/${operation}?wait=60`)).status, 404);
    for (const wait of ['-1', '61', 'long']) {
      const { status, body } = await call('GET', `/operations/${operation}?wait=${wait}`);
      assert.ok(status === 422 && body.errors.wait, wait);
    }
    assert.equal((await ask(call, operation).answer).body.data.terminal, true);
  });

  it('is answered when the server closes', async () => {
    const letGo = holdBack(test.plane, 'ensureInstance');
    const call = await newCall();
    const operation = await create(call);
    const waiting = ask(call, operation);
    // Others that are answered after it: so it waits by now.
    for (let round = 0; round < 3; round++) await call('GET', `/operations/${operation}`);
    const closing = test.app.http.close();
    const { status, body, headers } = await waiting.answer;
    assert.deepEqual([status, body.data.terminal, headers.get('connection')], [200, false, 'close']);
    letGo();
    await closing;
  });
});
