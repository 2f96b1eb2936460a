/** What it costs to measure 10,000 simulated instances every 15 seconds, and to ask for what was measured; with a real store. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { connectionFile } from '../server/src/host/components/victoria-metrics.ts';
import { createLog } from '../server/src/lib/log.ts';
import { allPids, argumentsOf } from '../server/src/lib/processes.ts';
import { metricOf } from '../server/src/metrics/catalogue.ts';
import { detailCollector, platformCollector } from '../server/src/metrics/collector.ts';
import type { MetricsStore } from '../server/src/metrics/contract.ts';
import { readConnection } from '../server/src/metrics/victoria/client.ts';
import { createVictoriaStore } from '../server/src/metrics/victoria/store.ts';
import { specOf } from '../server/test/contract/subjects.ts';
import { createTeam, startTestApp, type TestApp, testConfig, waitFor } from '../server/test/harness.ts';
import { fromTestRun } from '../server/test/incus.ts';
import { median, type Row } from './report.ts';

const TEAMS = 100;
const PER_TEAM = 100;
const ALL = (TEAMS * PER_TEAM).toLocaleString('en');
const EVERY_MS = 15_000;
const ROUNDS = 12;
/** Clock ticks per second in /proc. */
const TICKS = 100;

export async function benchMetrics(): Promise<Row[]> {
  // Without a worker, because its reconciler would find that none of these rows has an instance.
  const test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
  const file = connectionFile(fromTestRun('DANUBE_HOME'));
  const store = createVictoriaStore({ connect: () => readConnection(file), installId: 'bench0' });
  await waitFor('VictoriaMetrics', () => store.isReady());
  try {
    const teams = await fill(test);
    const cost = await measure(test, store);
    const asked = await ask(store, teams);
    return [
      row(
        `${ALL} instances measured every 15 s, CPU of Danube`,
        cost.ours,
        cost.store,
        '% of a core',
        'CPU of the store',
      ),
      row(
        `${ALL} instances measured every 15 s, CPU of the store`,
        cost.store,
        25,
        '% of a core',
        'the aim',
        '≤ 1',
      ),
      row(
        `${ALL} instances measured every 15 s, memory of the store`,
        cost.storeMb,
        1024,
        'MiB',
        'the aim',
        '≤ 1',
      ),
      row(`A pass over ${ALL} instances`, cost.passMs, EVERY_MS, 'ms', 'time between two', '≤ 0.2'),
      row(`A metric of a page of ${PER_TEAM} instances`, asked.page, asked.one, 'ms', 'of one instance'),
      row(`A metric of all ${ALL} instances, for alerts`, asked.all, 2000, 'ms', 'the aim', '≤ 1'),
    ];
  } finally {
    await test.close();
  }
}

const row = (name: string, ours: number, floor: number, unit: string, floorName: string, aim = ''): Row => ({
  name,
  ours,
  floor,
  floorName,
  unit,
  aim,
});

/** Runs the collectors as a worker does, at the same times. */
async function measure({ database, plane }: TestApp, metrics: MetricsStore) {
  const parts = { database, plane, metrics, log: createLog('silent') };
  const [platform, details] = [platformCollector(parts), detailCollector(parts)];
  const pid = storePid();
  await platform.run();
  const began = Date.now();
  const [ours, theirs] = [process.cpuUsage(), await cpuSeconds(pid)];
  const passes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = Date.now();
    await platform.run();
    passes.push(Date.now() - start);
    if (round % 4 === 0) await details.run();
    await delay(Math.max(start + EVERY_MS - Date.now(), 0));
  }
  const seconds = (Date.now() - began) / 1000;
  const { user, system } = process.cpuUsage(ours);
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return {
    ours: ((user + system) / 1e6 / seconds) * 100,
    store: (((await cpuSeconds(pid)) - theirs) / seconds) * 100,
    storeMb: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024,
    passMs: median(passes),
  };
}

async function ask(store: MetricsStore, teams: readonly Team[]) {
  const { expression } = metricOf('vps', 'cpu_usage')!;
  const time = async (teamId: number | null, resources: readonly string[] | 'all', expected: number) => {
    const start = performance.now();
    const found = await store.query({ expression, teamId, resources });
    if (found.size !== expected) throw new Error(`${found.size} of ${expected} instances have a value.`);
    return performance.now() - start;
  };
  const [page, one, all]: number[][] = [[], [], []];
  for (const { teamId, ids } of teams) {
    page!.push(await time(teamId, ids, ids.length));
    one!.push(await time(teamId, [ids[0]!], 1));
  }
  // And the host.
  for (let round = 0; round < 5; round++) all!.push(await time(null, 'all', TEAMS * PER_TEAM + 1));
  return { page: median(page!), one: median(one!), all: median(all!) };
}

interface Team {
  teamId: number;
  ids: string[];
}

/** Rows, and simulated instances, as a creation of each would leave them. */
async function fill({ database, plane }: TestApp): Promise<Team[]> {
  const image = 'debian-12';
  await plane.ensureImage(image);
  const teams: Team[] = [];
  for (let index = 0; index < TEAMS; index++) {
    const { teamId, accountId } = await createTeam(database);
    const { rows } = await database.pool.query<{ id: string }>(
      `with instance as (
         insert into instances (id, kind, team_id, user_id, name, status, desired, plan, vcpu, memory_mb, disk_gb,
           price_cents, datacenter)
         select gen_random_uuid(), 'vps', $1, $2, 'web-' || n, 'running', 'running', 'nano_shared', 2, 2048, 40,
           449, 'fsn1'
         from generate_series(1, $3) n
         returning id),
       member as (insert into members (id, instance_id) select id, id from instance),
       vps as (insert into vps (id, cpu_allocation_type, image, auth_method, password_sealed, network_stack)
         select id, 'shared', 'debian-12', 'ssh_key', '\\x00', 'dual_stack' from instance)
       select id from instance`,
      [teamId, accountId, PER_TEAM],
    );
    const { network } = specOf('metrics', 10);
    await plane.ensureTenant({ teamId, network });
    for (const { id } of rows) {
      plane.drift.leak({ ...specOf(id, 10), ref: { teamId, name: `vps-${id}` }, addresses: NONE });
    }
    teams.push({ teamId, ids: rows.map(({ id }) => id) });
  }
  return teams;
}

const NONE = { ipv4: null, ipv6: null };

function storePid(): number {
  const folder = `-storageDataPath=${fromTestRun('DANUBE_HOME')}/metrics/data`;
  const pid = allPids().find((candidate) => argumentsOf(candidate).includes(folder));
  if (pid === undefined) throw new Error('VictoriaMetrics does not run.');
  return pid;
}

/** Fields 14 and 15 of proc_pid_stat(5). */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
