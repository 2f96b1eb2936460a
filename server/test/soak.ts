import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Call, newVps } from './client.ts';
import type { Crashable } from './faults.ts';
import { waitFor } from './harness.ts';
import { randomFrom } from './seed.ts';

export interface SoakOptions {
  seed: number;
  clients: number;
  /** Total of accepted requests, over all clients. */
  operations: number;
  kills: number;
  /** Longest time from a start of the server to its kill, in milliseconds. */
  pauseMs: number;
  /** Most VPS per client. */
  servers: number;
  /** Longest wait for an operation to end, in seconds. */
  patience?: number;
}

/**
 * Several clients send random requests while the server process is killed repeatedly. Resolves once every accepted
 * operation has succeeded and the server has ended; throws when one was lost or failed.
 */
export async function soak(test: Crashable, options: SoakOptions): Promise<void> {
  const random = randomFrom(options.seed);
  let server = await test.start();
  let over = false;
  const killer = (async () => {
    for (let kill = 0; kill < options.kills && !over; kill++) {
      await delay(50 + options.pauseMs * random());
      server.child.kill('SIGKILL');
      await server.ended;
      server = await test.start();
    }
  })();
  const clients = Array.from({ length: options.clients }, (_, client) =>
    randomOperations(() => test.client(server), randomFrom(options.seed + client), {
      client: `c${client}`,
      operations: options.operations / options.clients,
      servers: options.servers,
    }),
  );
  const promised = await Promise.all(clients)
    .catch((error: unknown) => {
      over = true;
      throw error;
    })
    .finally(() => killer);
  const call = test.client(server);
  for (const promise of promised.flat()) {
    const ended = async () => {
      const { data } = (await persistently(() => call('GET', `/operations/${promise.operation}`))).body;
      return data.terminal && data;
    };
    const operation = await waitFor(`${promise.action} of ${promise.vps}`, ended, options.patience);
    assert.equal(operation.state, 'succeeded', JSON.stringify({ promise, operation }));
  }
  server.child.kill('SIGTERM');
  await server.ended;
}

/**
 * Longest time in milliseconds without an answer, or with only rejections. On a busy machine, one request may be
 * interrupted by every kill.
 */
const PATIENCE_MS = 300_000;

/** An accepted operation: the answer to its request was 2xx. */
interface Promised {
  vps: string;
  operation: string;
  action: string;
}

/**
 * Sends `operations` random requests one after the other, and returns the accepted operations. The server may be killed
 * at any time: a request without an answer is repeated with its Idempotency-Key.
 */
async function randomOperations(
  call: () => Call,
  random: () => number,
  options: { client: string; operations: number; servers: number },
): Promise<Promised[]> {
  const promised: Promised[] = [];
  let mine: string[] = [];
  let sent = 0;
  let headway = Date.now();
  while (promised.length < options.operations) {
    sent += 1;
    assert.ok(
      Date.now() < headway + PATIENCE_MS,
      `${options.client} makes no headway: ${promised.length} promised`,
    );
    const [action, method, path, body] = pick(random, mine, options.servers, `${options.client}-${sent}`);
    const answer = await persistently(() =>
      call()(method, path, body, { 'idempotency-key': `${options.client}-${sent}` }),
    );
    assert.ok(answer.status < 500, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    const vps = action === 'create' ? answer.body.instance?.id : path.split('/')[2];
    if (answer.status === 404 || answer.status === 422) {
      // It is deleted, so another one may be created.
      if (answer.status === 404) mine = mine.filter((id) => id !== vps);
      await delay(100 * random());
      continue;
    }
    headway = Date.now();
    if (action === 'create') mine.push(vps);
    promised.push({ vps, operation: answer.body.operation_id, action });
  }
  return promised;
}

type Request = [action: string, method: string, path: string, body?: unknown];

function pick(random: () => number, mine: string[], servers: number, name: string): Request {
  const vps = mine[Math.floor(random() * mine.length)];
  if (vps === undefined || (mine.length < servers && random() < 0.4)) {
    return ['create', 'POST', '/vps', newVps({ name })];
  }
  const actions: Request[] = [
    ['start', 'POST', `/vps/${vps}/start`],
    ['stop', 'POST', `/vps/${vps}/stop`],
    ['reboot', 'POST', `/vps/${vps}/reboot`],
    ['reinstall', 'POST', `/vps/${vps}/reinstall`, { image: 'debian-12' }],
    ['delete', 'DELETE', `/vps/${vps}`],
  ];
  return actions[Math.floor(random() * actions.length)]!;
}

/** Retries while no one answers. */
async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}
