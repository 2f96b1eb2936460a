import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { createLog } from '../../lib/log.ts';
import { IncusClient } from './client.ts';
import { stopInstance } from './power.ts';

const REF = { teamId: 1, name: 'vps-1' };
/** Looks at the instance until it runs. */
const LOOKS = 3;

/** What Incus says of a stopped instance. */
interface Said {
  /** A request is being carried out that concerns it. */
  atWork?: boolean;
  /** Incus has not started its instances yet, and this one ran before. */
  isDue?: boolean;
  /** It runs after this many looks. */
  runsAfter: number;
}

/** Stops an instance that Incus calls stopped; returns its status after that, and how often it was stopped. */
async function stopWith({ atWork = false, isDue = false, runsAfter }: Said) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-incus-'));
  let status = 'Stopped';
  let looks = 0;
  let stops = 0;
  const answers: Record<string, () => object> = {
    'GET /1.0/instances/vps-1'() {
      looks += 1;
      if (looks > runsAfter && stops === 0) status = 'Running';
      return sync({ status, config: isDue ? { 'volatile.last_state.power': 'RUNNING' } : {}, devices: {} });
    },
    'GET /1.0/operations'() {
      const work = { class: 'task', resources: { instances: ['/1.0/instances/vps-1?project=team'] } };
      return sync(atWork && status === 'Stopped' ? { running: [work] } : {});
    },
    'GET /internal/ready': () => (status === 'Running' ? sync({}) : failure(503, 'Daemon not ready yet')),
    'PUT /1.0/instances/vps-1/state'() {
      if (status === 'Stopped') return failure(400, 'The instance is already stopped');
      status = 'Stopped';
      stops += 1;
      return { type: 'async', operation: '/1.0/operations/1', metadata: {} };
    },
    'GET /1.0/operations/1/wait': () => sync({ status: 'Success', status_code: 200 }),
  };
  const server = http.createServer(({ method, url }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answers[`${method} ${url?.split('?')[0]}`]?.() ?? failure(404, 'Not Found')));
  });
  const socketPath = path.join(folder, 'socket');
  server.listen(socketPath);
  await once(server, 'listening');
  const client = new IncusClient({ socketPath });
  try {
    const log = createLog('silent');
    await stopInstance({ client, host: null, installId: 'abcdef', pool: 'pool', log }, REF, 0);
    return { status, stops };
  } finally {
    await client.close();
    server.close();
    await rm(folder, { recursive: true });
  }
}

const sync = (metadata: unknown) => ({ type: 'sync', metadata });
const failure = (error_code: number, error: string) => ({ type: 'error', error_code, error });

describe('stopping an instance that Incus calls stopped', { concurrency: true }, () => {
  for (const [what, said] of Object.entries({
    'that it is starting': { atWork: true },
    'that it starts together with itself': { isDue: true },
    'that reboots': {},
  })) {
    it(`stops one ${what}`, async () => {
      assert.deepEqual(await stopWith({ ...said, runsAfter: LOOKS }), { status: 'Stopped', stops: 1 });
    });
  }

  it('leaves one alone that stays stopped', async () => {
    assert.deepEqual(await stopWith({ runsAfter: Infinity }), { status: 'Stopped', stops: 0 });
  });
});
