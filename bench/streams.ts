/** Open streams of events: memory of the server, its connections to PostgreSQL that listen, and the delay of an event to all. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Crashable, createCrashable } from '../server/test/faults.ts';
import { createTeam } from '../server/test/harness.ts';
import type { Row } from './report.ts';

const STREAMS = 1000;
/** Fewer than one team may have. */
const PER_TEAM = 100;
/** Seconds until the memory of a server is compared. */
const SETTLE = 10;

export async function benchStreams(): Promise<Row[]> {
  const test = await createCrashable();
  const open: IncomingMessage[] = [];
  try {
    const server = await test.start();
    const memory = () => residentMb(server.child.pid!);
    const teams = await Promise.all(
      Array.from({ length: STREAMS / PER_TEAM }, () => createTeam(test.database)),
    );
    const listeners = await countListeners(test);
    // The first one starts what all share.
    open.push(await openStream(server.url, teams[0]!.token, 0));
    await delay(SETTLE * 1000);
    const before = await memory();
    for (const [index, { token }] of teams.entries()) {
      const streams = Array.from({ length: PER_TEAM }, () => openStream(server.url, token, index));
      open.push(...(await Promise.all(streams)));
    }
    await delay(SETTLE * 1000);
    const after = await memory();
    const late = await tellAll(
      test,
      open,
      teams.map(({ teamId }) => teamId),
    );
    return [
      {
        name: `${STREAMS} open streams of events, memory`,
        ours: after - before,
        floor: 100,
        floorName: 'the aim',
        unit: 'MiB',
        aim: '≤ 1',
      },
      {
        name: `${STREAMS} open streams of events, connections that listen for them`,
        // Webhooks and notifications listen as well, without any stream.
        ours: (await countListeners(test)) - listeners,
        floor: 1,
        floorName: 'the aim',
        unit: 'connections',
        aim: '≤ 1',
      },
      {
        name: `An event of every team, to the last of ${STREAMS} streams`,
        ours: late,
        floor: 1000,
        floorName: 'the aim',
        unit: 'ms',
        aim: '≤ 1',
      },
    ];
  } finally {
    for (const stream of open) stream.destroy();
    await test.close();
  }
}

/** Opens a stream. The server bounds connections of one address, so that each group has an address of the loopback. */
async function openStream(url: string, token: string, group: number): Promise<IncomingMessage> {
  const request = http.get(`${url}/api/v1/events/stream`, {
    headers: { authorization: `Bearer ${token}` },
    localAddress: `127.0.1.${group + 1}`,
    agent: false,
  });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`A stream was answered with ${answer.statusCode}.`);
  await once(answer, 'data');
  return answer;
}

/** Writes an event of each team. Returns the milliseconds until all streams have told of it. */
async function tellAll(test: Crashable, open: IncomingMessage[], teams: number[]): Promise<number> {
  const told = open.map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.on('data', (chunk: Buffer) => {
          if (chunk.includes('event: ')) resolve();
        });
      }),
  );
  const start = performance.now();
  await test.database.pool.query(
    `insert into events (team_id, resource_type, resource_id, type, severity, reason, message, payload)
     select unnest($1::bigint[]), 'vps', gen_random_uuid(), 'vps.rebooted', 'Normal', 'Rebooted', 'The server was rebooted.', '{}'`,
    [teams],
  );
  await Promise.all(told);
  return performance.now() - start;
}

async function countListeners(test: Crashable): Promise<number> {
  const { rows } = await test.database.pool.query(
    `select count(*)::int as count from pg_stat_activity where datname = current_database() and query = 'listen danube_events'`,
  );
  return rows[0].count;
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1024;
}
