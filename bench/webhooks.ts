/**
 * Webhooks to one endpoint of a receiver on this host: how fast a backlog is sent, against the same requests from a bare
 * client; how late messages come at 1,000 events a second; and what a killed server loses of 100,000, and sends twice.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Pool } from 'undici';
import { type Crashable, createCrashable } from '../server/test/faults.ts';
import { waitFor } from '../server/test/harness.ts';
import type { Row } from './report.ts';
import type { SinkReport } from './webhook-sink-worker.ts';

const BACKLOG = 10_000;
const PER_SECOND = 1000;
const SECONDS = 20;
const KILLED_BACKLOG = 100_000;
const KILLS = 5;
/** In seconds. */
const PATIENCE = 600;

export async function benchWebhooks(): Promise<Row[]> {
  const sink = new Worker(new URL('webhook-sink-worker.ts', import.meta.url));
  const [port] = (await once(sink, 'message')) as [number];
  const report = async (): Promise<SinkReport> => {
    sink.postMessage('report');
    return (await once(sink, 'message'))[0] as SinkReport;
  };
  const test = await createCrashable({ environment: { DANUBE_WEBHOOK_TARGETS: 'any' } });
  const url = `http://127.0.0.1:${port}/`;
  try {
    const bare = await postBare(url, BACKLOG);
    await report();
    const ours = await sendBacklog(test, url);
    await report();
    const late = await sendSteadily(test, report);
    const killed = await sendBetweenKills(test, report);
    return [
      {
        name: `Webhooks: ${BACKLOG} messages of a backlog, each about another resource`,
        ours,
        floor: bare,
        floorName: 'bare client, 16 connections',
        unit: 'per s',
        aim: '≥ 1,000 per s',
      },
      {
        name: `Webhooks: p95 from event to receipt at ${PER_SECOND} a second`,
        ours: late,
        floor: 500,
        floorName: 'the aim',
        unit: 'ms',
        aim: '≤ 1',
      },
      {
        name: `Webhooks: messages received of ${KILLED_BACKLOG}, with ${KILLS} kills; ${killed.doubled} came twice`,
        ours: killed.messages,
        floor: KILLED_BACKLOG,
        floorName: 'all',
        unit: 'messages',
        aim: '= 1',
      },
    ];
  } finally {
    await test.close();
    await sink.terminate();
  }
}

/** Messages per second of a client that stores nothing. */
async function postBare(url: string, count: number): Promise<number> {
  const pool = new Pool(url, { connections: 16 });
  const body = JSON.stringify({ timestamp: new Date().toISOString(), padding: 'x'.repeat(400) });
  const start = performance.now();
  let next = 0;
  const client = async () => {
    while (next < count) {
      const headers = { 'content-type': 'application/json', 'webhook-id': String(next++) };
      const answer = await pool.request({ method: 'POST', path: '/', headers, body });
      await answer.body.dump();
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  await pool.close();
  return count / ((performance.now() - start) / 1000);
}

/** Writes events of the team, as so many transactions on resources of their own would. */
const writeEvents = (test: Crashable, count: number) =>
  test.database.pool.query(
    `insert into events (team_id, resource_type, resource_id, type, severity, reason, message, payload)
     select $1, 'vps', gen_random_uuid(), 'vps.rebooted', 'Normal', 'Rebooted', 'The server was rebooted.', '{}'
     from generate_series(1, $2)`,
    [test.team.teamId, count],
  );

const untilSent = (test: Crashable) =>
  waitFor(
    'all deliveries',
    async () => {
      const { rows } = await test.database.pool.query(
        `select (select count(*) from webhook_deliveries where state in ('pending', 'queued')) +
           (select count(*) from events where position is null or position > (select position from webhook_progress)) as left`,
      );
      return rows[0].left === 0;
    },
    PATIENCE,
  );

async function sendBacklog(test: Crashable, url: string): Promise<number> {
  const server = await test.start();
  const { status } = await test.client(server)('PUT', '/webhooks/config', { webhook_url: url });
  if (status !== 200) throw new Error(`The endpoint was not made: ${status}.`);
  server.child.kill('SIGKILL');
  await server.ended;
  await writeEvents(test, BACKLOG);
  const again = await test.start();
  const start = performance.now();
  await untilSent(test);
  const perSecond = BACKLOG / ((performance.now() - start) / 1000);
  again.child.kill('SIGKILL');
  await again.ended;
  return perSecond;
}

async function sendSteadily(test: Crashable, report: () => Promise<SinkReport>): Promise<number> {
  const server = await test.start();
  for (let turn = 0; turn < SECONDS * 20; turn++) {
    const next = delay(50);
    await writeEvents(test, PER_SECOND / 20);
    await next;
  }
  await untilSent(test);
  const { p95 } = await report();
  server.child.kill('SIGKILL');
  await server.ended;
  return p95;
}

async function sendBetweenKills(test: Crashable, report: () => Promise<SinkReport>): Promise<SinkReport> {
  await writeEvents(test, KILLED_BACKLOG);
  for (let kill = 0; kill < KILLS; kill++) {
    const server = await test.start();
    await delay(3000 + 2000 * Math.random());
    server.child.kill('SIGKILL');
    await server.ended;
  }
  const server = await test.start();
  await untilSent(test);
  server.child.kill('SIGKILL');
  await server.ended;
  return report();
}
