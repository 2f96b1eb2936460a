import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Call, newVps } from './client.ts';

/** Repeatable random numbers (mulberry32), so that a failing soak can be run again with its seed. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** An operation that a client was promised: the answer to its request was 2xx. */
export interface Promised {
  vps: string;
  operation: string;
  action: string;
}

/**
 * Sends `operations` random requests, one after the other, and keeps what was promised. The server may die at any
 * time: a request without an answer is sent again under its Idempotency-Key, as a careful client does.
 */
export async function randomOperations(
  call: () => Call,
  random: () => number,
  options: { client: string; operations: number; servers: number },
): Promise<Promised[]> {
  const promised: Promised[] = [];
  const mine: string[] = [];
  let sent = 0;
  while (promised.length < options.operations) {
    sent += 1;
    assert.ok(sent < options.operations * 20, 'The soak makes no headway.');
    const [action, method, path, body] = pick(random, mine, options.servers, `${options.client}-${sent}`);
    const answer = await persistently(() =>
      call()(method, path, body, { 'idempotency-key': `${options.client}-${sent}` }),
    );
    assert.ok(answer.status < 500, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    if (answer.status === 404 || answer.status === 422) {
      await delay(20 * random());
      continue;
    }
    const vps = action === 'create' ? answer.body.instance.id : path.split('/')[2];
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

/** Asks again while nobody answers. */
export async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}
