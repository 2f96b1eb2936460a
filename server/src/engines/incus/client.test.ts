import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { IncusClient } from './client.ts';

const OPERATION = '/1.0/operations/1';
/** What Incus 6.0 answers where an operation goes on after the time that `wait` was given. */
const GOES_ON = { type: 'error', error_code: 500, error: 'context deadline exceeded', metadata: null };
const STARTED = {
  type: 'async',
  operation: OPERATION,
  metadata: { id: '1', status: 'Running', status_code: 103 },
};
const DONE = {
  type: 'sync',
  metadata: { id: '1', status: 'Success', status_code: 200, metadata: { return: 0 } },
};

it('waits for an operation longer than one request stays open', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-incus-'));
  const answers = [GOES_ON, GOES_ON, DONE];
  const server = http.createServer(({ url = '' }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(url.includes('/wait') ? answers.shift() : STARTED));
  });
  const socketPath = path.join(folder, 'socket');
  server.listen(socketPath);
  await once(server, 'listening');
  const client = new IncusClient({ socketPath });
  try {
    assert.equal(await client.exec('/1.0/instances/x', ['true'], { timeoutSeconds: 60 }), 0);
    assert.equal(answers.length, 0);
  } finally {
    await client.close();
    server.close();
    await rm(folder, { recursive: true });
  }
});
