/** Memory and CPU time of an idle server with 50 databases, against one without. Simulated data plane. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { newDatabase } from '../server/test/client.ts';
import { createCrashable } from '../server/test/faults.ts';
import { waitFor } from '../server/test/harness.ts';
import type { Row } from './report.ts';

const DATABASES = 50;
/** Seconds until a server is idle, and for which it is then measured. */
const SETTLE = 15;
const WATCH = 30;
/** Clock ticks per second in /proc (USER_HZ of Linux on all architectures that Node runs on). */
const TICKS = 100;

interface Usage {
  /** Resident memory, MiB. */
  memory: number;
  /** Per cent of one core. */
  cpu: number;
}

export async function benchIdle(): Promise<Row[]> {
  const none = await idle(0);
  const some = await idle(DATABASES);
  const floorName = 'with none';
  return [
    {
      name: `Idle server with ${DATABASES} databases, memory`,
      ours: some.memory,
      floor: none.memory,
      floorName,
      unit: 'MiB',
      aim: '',
    },
    {
      name: `Idle server with ${DATABASES} databases, CPU`,
      ours: some.cpu,
      floor: none.cpu,
      floorName,
      unit: '% of a core',
      aim: '',
    },
  ];
}

async function idle(databases: number): Promise<Usage> {
  const test = await createCrashable();
  try {
    await test.database.pool.query(`update teams set quotas = '{"database": 1000}'`);
    const server = await test.start();
    const call = test.client(server);
    for (let index = 0; index < databases; index++) await call('POST', '/database', newDatabase());
    await waitFor('all to run', async () => {
      const { data } = (await call('GET', '/database?per_page=100')).body;
      return data.every(({ status }: { status: string }) => status === 'running');
    });
    await delay(SETTLE * 1000);
    const pid = server.child.pid!;
    const before = await cpuSeconds(pid);
    await delay(WATCH * 1000);
    return { memory: await residentMib(pid), cpu: (100 * ((await cpuSeconds(pid)) - before)) / WATCH };
  } finally {
    await test.close();
  }
}

/** User and system time of the process in seconds, over all threads. */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}
