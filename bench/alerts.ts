/** One round over 10,000 alerts on 2,000 databases, with a real store: no news, and most of them firing at once. */
import { connectionFile } from '../server/src/host/components/victoria-metrics.ts';
import { uuidv7 } from '../server/src/lib/ids.ts';
import { metricOf } from '../server/src/metrics/catalogue.ts';
import type { Sample } from '../server/src/metrics/contract.ts';
import { readConnection } from '../server/src/metrics/victoria/client.ts';
import { createVictoriaStore } from '../server/src/metrics/victoria/store.ts';
import { evaluateAlerts } from '../server/src/resources/alerts/evaluator.ts';
import { createTestDatabase, type TestDatabase } from '../server/test/database.ts';
import { createTeam, waitFor } from '../server/test/harness.ts';
import { fromTestRun } from '../server/test/incus.ts';
import { median, type Row } from './report.ts';

const DATABASES = 2_000;
const METRICS = ['cpu_usage', 'memory_usage', 'disk_usage', 'db_connection_usage', 'db_connections'] as const;
const ALERTS = DATABASES * METRICS.length;
const ROUNDS = 6;
const EVERY_MS = 15_000;

export async function benchAlerts(): Promise<Row[]> {
  const database = await createTestDatabase();
  const file = connectionFile(fromTestRun('DANUBE_HOME'));
  const metrics = createVictoriaStore({ connect: () => readConnection(file), installId: 'bench1' });
  await waitFor('VictoriaMetrics', () => metrics.isReady());
  try {
    const { teamId, ids } = await fill(database);
    const began = Date.now() - (ROUNDS + 1) * EVERY_MS;
    const at = (round: number): number => began + round * EVERY_MS;
    for (let round = 0; round <= ROUNDS; round++) {
      const percent = round === ROUNDS ? 95 : 50;
      await metrics.push(ids.flatMap((resource) => samplesOf(teamId, resource, at(round), percent)));
    }
    const { expression } = metricOf('database', METRICS.at(-1)!)!;
    await waitFor('the samples', async () => {
      const found = await metrics.query({ expression, teamId, resources: 'all', at: at(ROUNDS) });
      return found.size === DATABASES && [...found.values()].every((value) => value === 95);
    });
    const rounds: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const start = performance.now();
      await evaluateAlerts(database, metrics, at(round));
      rounds.push(performance.now() - start);
    }
    const { rows } = await database.pool.query(
      `select count(*)::int from metric_alerts where status = 'triggered'`,
    );
    // The rate of a counter is over a minute, so the processor's alerts take longer.
    const expected = DATABASES * (METRICS.length - 1);
    if (rows[0].count < expected) throw new Error(`${rows[0].count} alerts fire, and not ${expected}.`);
    const row = (name: string, ours: number): Row => ({
      name: `A round over ${ALERTS.toLocaleString('en')} alerts, ${name}`,
      ours,
      floor: 2000,
      floorName: 'the aim',
      unit: 'ms',
      aim: '≤ 1',
    });
    return [
      row('none of which fires', median(rounds.slice(1, ROUNDS))),
      row('most of which fire', rounds[ROUNDS]!),
    ];
  } finally {
    await metrics.close();
    await database.drop();
  }
}

/** What is measured of a database that uses so much of everything. */
function samplesOf(teamId: number, resource: string, at: number, percent: number): Sample[] {
  const sample = (series: string, value: number): Sample => ({ teamId, resource, series, value, at });
  return [
    sample('cpu_seconds_total', (at / 1000) * (percent / 100)),
    sample('cpu_cores', 1),
    ...['memory_used_bytes', 'disk_used_bytes', 'engine_connections'].map((one) => sample(one, percent)),
    ...['memory_limit_bytes', 'disk_limit_bytes', 'engine_connections_limit'].map((one) => sample(one, 100)),
  ];
}

async function fill(database: TestDatabase): Promise<{ teamId: number; ids: string[] }> {
  const { teamId, accountId } = await createTeam(database);
  const ids = Array.from({ length: DATABASES }, () => uuidv7());
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    await client.query(`set local session_replication_role = replica`);
    await client.query(
      `insert into instances (id, kind, team_id, user_id, name, status, desired, plan, vcpu, memory_mb, disk_gb,
         price_cents, datacenter)
       select id, 'database', $1, $2, 'db-' || n, 'running', 'running', 'micro', 1, 1024, 10, 999, 'fsn1'
       from unnest($3::uuid[]) with ordinality one (id, n)`,
      [teamId, accountId, ids],
    );
    await client.query(
      `insert into metric_alerts (id, team_id, resource_type, resource_id, metric, comparison, threshold,
         duration_minutes, channels)
       select gen_random_uuid(), $1, 'database', id, metric, 'gte', 90, 0, '{database}'
       from unnest($2::uuid[]) id, unnest($3::text[]) metric`,
      [teamId, ids, METRICS],
    );
    await client.query('commit');
  } finally {
    client.release();
  }
  await database.pool.query('vacuum (analyze) instances, metric_alerts');
  return { teamId, ids };
}
