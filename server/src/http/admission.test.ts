import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { waitFor } from '../../test/harness.ts';
import { readConfig } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { createAuditor } from '../identity/audit/auditor.ts';
import { createSecretBox } from '../lib/crypto.ts';
import { createLog } from '../lib/log.ts';
import type { Authenticator } from './authenticator.ts';
import { createHttpServer } from './server.ts';

const AT_WORK = 16;
const PER_TEAM = 4;
const WAITING = 200;

/** A request that has reached its route, and what its handler waits for. */
interface Held {
  team: string;
  release: () => void;
}

/** Each request is of the account and team whose number is its credential. */
const authenticator: Authenticator = {
  async authenticate({ headers }) {
    const id = Number(headers.authorization);
    return {
      accountId: id,
      via: { kind: 'token', tokenId: id },
      scopes: new Set<string>(),
      limits: [1e6, 1e6, 1e6],
      teamId: id,
      roles: new Map([[id, 'owner' as const]]),
    };
  },
};

/** A server with one route, whose requests the test answers one by one. */
function createHeldServer() {
  const database = openDatabase('postgres://nobody@127.0.0.1:1/none');
  const arrived: string[] = [];
  const begun: Held[] = [];
  const aborted: string[] = [];
  const gate = { closed: true };
  const hold = async ({ headers }: Pick<FastifyRequest, 'headers'>): Promise<object> => {
    if (gate.closed) {
      await new Promise<void>((release) => begun.push({ team: headers.authorization!, release }));
    }
    return {};
  };
  const http = createHttpServer({
    config: readConfig({}),
    database,
    secrets: createSecretBox(Buffer.alloc(32)),
    log: createLog('silent'),
    authenticator,
    auditor: createAuditor(database, createLog('silent')),
    tags: [],
    register: (api) => {
      void api.post('/held', { config: { scope: null } }, hold);
      void api.get('/slow', { config: { scope: null, asksInstance: true } }, hold);
      void api.get(
        '/held',
        {
          config: { scope: null },
          preHandler: (request, _reply, done) => {
            arrived.push(request.headers.authorization!);
            done();
          },
          onRequestAbort: (request, done) => {
            aborted.push(request.headers.authorization!);
            done();
          },
        },
        hold,
      );
    },
  });
  const close = async (): Promise<void> => {
    // Also where a test has failed and left requests that nobody answers.
    http.server.closeAllConnections();
    await http.close();
    await database.close();
  };
  return { arrived, begun, aborted, gate, http, close };
}

describe('requests that are at work at once', () => {
  let held: ReturnType<typeof createHeldServer>;
  let url: string;
  let now = 0;
  before(async () => {
    mock.method(performance, 'now', () => now);
    held = createHeldServer();
    url = `${await held.http.listen({ host: '127.0.0.1', port: 0 })}/api/v1/held`;
  });
  after(async () => {
    mock.restoreAll();
    await held?.close();
  });
  // Teams of the test before count as others for a second.
  beforeEach(() => {
    now += 2000;
  });

  /** Sends requests, and waits until all of them wait or are at work. */
  async function send(team: string, count: number, options: RequestInit = {}): Promise<Promise<Response>[]> {
    const expected = held.arrived.length + count;
    const answers = Array.from({ length: count }, () =>
      fetch(url, { headers: { authorization: team }, ...options }),
    );
    for (const answer of answers) answer.catch(() => {});
    await waitFor('the requests to arrive', async () => held.arrived.length === expected);
    return answers;
  }

  /** Answers all, also those that wait, and forgets them. */
  async function answerAll(pending: Promise<Response>[]): Promise<number[]> {
    held.gate.closed = false;
    for (const { release } of held.begun) release();
    const answers = await Promise.all(pending);
    held.gate.closed = true;
    held.begun.length = 0;
    return answers.map(({ status }) => status);
  }

  const teams = () => held.begun.map(({ team }) => team);

  it('are bounded for each team, which leaves room for others', async () => {
    const greedy = await send('1', 30);
    assert.deepEqual(teams(), Array(PER_TEAM).fill('1'));
    const modest = await send('2', 1);
    assert.deepEqual(teams().slice(PER_TEAM), ['2']);
    const statuses = await answerAll([...greedy, ...modest]);
    assert.deepEqual(statuses, Array(31).fill(200));
  });

  it('are fewer for each team while there are others', async () => {
    const greedy = await send('1', PER_TEAM + 2);
    const modest = await send('2', 2);
    assert.deepEqual(teams().slice(PER_TEAM), ['2']);
    let answered = 0;
    for (const answer of greedy) void answer.then(() => answered++);
    for (const { release } of held.begun.slice(1, PER_TEAM)) release();
    await waitFor('all but one of the answers', async () => answered === PER_TEAM - 1);
    // One of the greedy team is still at work, so none of it has begun.
    assert.equal(held.begun.length, PER_TEAM + 1);
    held.begun[0]!.release();
    await waitFor('the next one', async () => held.begun.length > PER_TEAM + 1);
    assert.deepEqual(teams().slice(PER_TEAM), ['2', '1']);
    now += 2000;
    held.begun.at(-1)!.release();
    const more = await send('1', PER_TEAM);
    await waitFor('as many as before', async () => held.begun.length === PER_TEAM + 2 + PER_TEAM);
    const all = [...greedy, ...modest, ...more];
    assert.deepEqual(await answerAll(all), Array(all.length).fill(200));
  });

  it('are of teams in turn where all wait', async () => {
    const all: Promise<Response>[] = [];
    // The first is alone when it asks, and has both at work.
    for (let team = 1; team < AT_WORK; team++) all.push(...(await send(String(team), 2)));
    all.push(...(await send('99', 1)));
    assert.equal(held.begun.length, AT_WORK);
    assert.equal(new Set(teams()).size, AT_WORK - 1);
    held.begun[0]!.release();
    await waitFor('the next one', async () => held.begun.length > AT_WORK);
    assert.equal(teams()[AT_WORK], '99');
    assert.deepEqual(await answerAll(all), Array(all.length).fill(200));
  });

  it('are refused beyond a bound, of that team only', async () => {
    const greedy = await send('1', PER_TEAM + WAITING);
    const seen = held.arrived.length;
    for (const method of ['GET', 'POST']) {
      // The body would be refused, too, if it were looked at.
      const body = method === 'POST' ? { body: '{' } : {};
      const refused = await fetch(url, { method, headers: { authorization: '1' }, ...body });
      assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1']);
      const { code } = (await refused.json()) as { code: string };
      assert.equal(code, 'rate_limited');
    }
    assert.equal(held.arrived.length, seen);
    const modest = await send('2', 1);
    assert.equal(teams().at(-1), '2');
    now += 2000;
    assert.deepEqual(await answerAll([...greedy, ...modest]), Array(PER_TEAM + WAITING + 1).fill(200));
  });

  it('do not count those whose client has gone while they waited', async () => {
    const greedy = await send('1', PER_TEAM);
    const gone = new AbortController();
    const [given] = await send('1', 1, { signal: gone.signal });
    gone.abort();
    await assert.rejects(given!, { name: 'AbortError' });
    await waitFor('the server to notice', async () => held.aborted.length > 0);
    const next = await send('1', 1);
    held.begun[0]!.release();
    await waitFor('the next one', async () => held.begun.length === PER_TEAM + 1);
    assert.deepEqual(await answerAll([...greedy, ...next]), Array(PER_TEAM + 1).fill(200));
  });

  it('do not wait behind those that ask an instance', async () => {
    const slow = Array.from({ length: PER_TEAM }, () =>
      fetch(url.replace('/held', '/slow'), { headers: { authorization: '1' } }),
    );
    await waitFor('the slow ones', async () => held.begun.length === PER_TEAM);
    const usual = await send('1', 1);
    assert.equal(held.begun.length, PER_TEAM + 1);
    assert.deepEqual(await answerAll([...slow, ...usual]), Array(PER_TEAM + 1).fill(200));
  });

  it('count once, HEAD requests too', async () => {
    const all = await send('1', 20, { method: 'HEAD' });
    assert.equal(held.begun.length, PER_TEAM);
    assert.deepEqual(await answerAll(all), Array(20).fill(200));
  });
});
