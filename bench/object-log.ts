/** What it costs to count a million requests to object storage a day, of which a pass of the collector reads 15 seconds. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { allPids, argumentsOf } from '../server/src/lib/processes.ts';
import type { ObjectStore, RequestPage } from '../server/src/object-store/contract.ts';
import { bucketCollectors, REQUESTS_EVERY } from '../server/src/resources/buckets/metrics/collector.ts';
import { fromTestRun } from '../server/test/incus.ts';
import type { StoreCustomers } from '../server/test/real/object-store-customers.ts';
import type { Row } from './report.ts';

const PER_DAY = 1_000_000;
const PER_PASS = Math.ceil((PER_DAY / 86_400) * REQUESTS_EVERY);
const PASSES = 40;
/** Objects that the requests are spread over. */
const OBJECTS = 5000;
/** Clock ticks per second in /proc. */
const TICKS = 100;

/**
 * Reads the store's log, which must hold some thousand requests, in passes of as many as come in 15 seconds, and counts them as
 * if they were for all `buckets`. The time is that of this process, of its database and of the reader in the instance.
 */
export async function measureCounting(
  { world, test }: StoreCustomers,
  buckets: readonly string[],
): Promise<Row> {
  let position: string | null = null;
  let count = 0;
  const readRequests = async (): Promise<RequestPage | null> => {
    const page = await world.store.readRequests(position, PER_PASS);
    if (!page) throw new Error('The store has no log.');
    position = page.position;
    const requests = page.requests.map((request) => ({
      ...request,
      bucket: buckets[count++ % buckets.length]!,
      objectKey: `objects/${(count * 7919) % OBJECTS}`,
    }));
    return { requests, position: page.position, isPartial: false };
  };
  const objects: ObjectStore = { ...world.store, readRequests };
  const [collector] = bucketCollectors(test.app.database, objects);
  await collector!.run();
  count = 0;
  const before = await processorSeconds(world);
  for (let pass = 0; pass < PASSES; pass++) await collector!.run();
  const seconds = (await processorSeconds(world)) - before;
  if (count < PASSES * PER_PASS) throw new Error(`Only ${count} requests were in the log.`);
  return {
    name: `Counting ${PER_DAY.toLocaleString('en')} requests a day to ${buckets.length} buckets`,
    ours: (seconds / (PASSES * REQUESTS_EVERY)) * 100,
    floor: 1,
    floorName: 'the aim',
    unit: '% of a core',
    aim: '≤ 1',
  };
}

async function processorSeconds(world: StoreCustomers['world']): Promise<number> {
  const { user, system } = process.cpuUsage();
  const reader = 'cat /proc/$(pgrep -of "requests serve$")/stat';
  const { stdout } = await world.inside(['sh', '-c', reader]);
  return (user + system) / 1e6 + databaseSeconds() + own(fieldsOf(stdout));
}

/** Of PostgreSQL, with its processes that have ended. */
function databaseSeconds(): number {
  const folder = path.join(fromTestRun('DANUBE_HOME'), 'postgres');
  const postmaster = allPids().find((pid) => argumentsOf(pid).some((text) => text.startsWith(folder)));
  let seconds = 0;
  for (const pid of allPids()) {
    const fields = statOf(pid);
    if (pid === postmaster) seconds += own(fields) + (Number(fields[13]) + Number(fields[14])) / TICKS;
    else if (Number(fields[1]) === postmaster) seconds += own(fields);
  }
  return seconds;
}

function statOf(pid: number): string[] {
  try {
    return fieldsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

/** From the third of proc_pid_stat(5) on. */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');
const own = (fields: string[]): number => (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS;
