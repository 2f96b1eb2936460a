import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { behindFence, FencedOff } from '../../lib/fence.ts';
import { IncusClient } from './client.ts';

const OPERATION = '/1.0/operations/1';
/**
 * Answers of Incus 6.0 to `wait`: one when the operation is still running after the requested time, one when the
 * operation ended at its own time limit.
 */
const OVER = { type: 'error', error_code: 500, error: 'context deadline exceeded', metadata: null };
const STARTED = {
  type: 'async',
  operation: OPERATION,
  metadata: { id: '1', status: 'Running', status_code: 103 },
};
const RUNNING = { type: 'sync', metadata: STARTED.metadata };
const DONE = {
  type: 'sync',
  metadata: { id: '1', status: 'Success', status_code: 200, metadata: { return: 0 } },
};
const FAILED = { type: 'sync', metadata: { id: '1', status: 'Failure', status_code: 400, err: 'it hangs' } };
const GONE = { type: 'error', error_code: 404, error: 'Operation not found', metadata: null };

/** Runs an exec against an Incus that gives these answers: first to `wait`, then to queries of the operation. */
async function execWith(answers: object[]): Promise<number> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-incus-'));
  const server = http.createServer(({ method }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(method === 'POST' ? STARTED : answers.shift()));
  });
  const socketPath = path.join(folder, 'socket');
  server.listen(socketPath);
  await once(server, 'listening');
  const client = new IncusClient({ socketPath });
  try {
    return await client.exec('/1.0/instances/x', ['true'], { timeoutSeconds: 60 });
  } finally {
    assert.deepEqual(answers, []);
    await client.close();
    server.close();
    await rm(folder, { recursive: true });
  }
}

it('waits for an operation longer than one request stays open', async () => {
  assert.equal(await execWith([OVER, RUNNING, OVER, RUNNING, DONE]), 0);
});

it('tells an operation that ended at its own time limit from one that is still running', async () => {
  await assert.rejects(execWith([OVER, FAILED]), /it hangs/);
  await assert.rejects(execWith([OVER, GONE]), /deadline/);
});

it('sends no change that the fence does not let pass, and still reads', async () => {
  const fence = async (): Promise<void> => {
    throw new FencedOff();
  };
  await behindFence(fence, async () => {
    await assert.rejects(execWith([]), FencedOff);
    const client = new IncusClient({ socketPath: '/nonexistent' });
    await assert.rejects(client.get('/1.0'), /ENOENT/);
    await assert.rejects(client.remove('/1.0/instances/x'), FencedOff);
    await client.close();
  });
});
