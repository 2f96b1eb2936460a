/** One round over 10,000 alerts on 2,000 databases: no news, and all of them firing at once. */
import { uuidv7 } from '../server/src/lib/ids.ts';
import { createSimMetricsStore } from '../server/src/metrics/sim/store.ts';
import { evaluateAlerts } from '../server/src/resources/alerts/evaluator.ts';
import { createTestDatabase, type TestDatabase } from '../server/test/database.ts';
import { createTeam } from '../server/test/harness.ts';
import { median, type Row } from './report.ts';

const DATABASES = 2_000;
const METRICS = ['cpu_usage', 'memory_usage', 'disk_usage', 'db_connection_usage', 'db_connections'] as const;
const ALERTS = DATABASES * METRICS.length;
const ROUNDS = 5;

export async function benchAlerts(): Promise<Row[]> {
  const database = await createTestDatabase();
  const metrics = createSimMetricsStore();
  try {
    const { teamId, ids } = await fill(database);
    const now = Date.now();
    const measureAll = (at: number, percent: number) =>
      metrics.push(
        ids.flatMap((resource) => {
          const sample = (series: string, value: number) => ({ teamId, resource, series, value, at });
          return [
            sample('cpu_seconds_total', (at / 1000) * (percent / 100)),
            ...['cpu_cores'].map((series) => sample(series, 1)),
            ...['memory_used_bytes', 'disk_used_bytes', 'engine_connections'].map((one) =>
              sample(one, percent),
            ),
            ...['memory_limit_bytes', 'disk_limit_bytes', 'engine_connections_limit'].map((one) =>
              sample(one, 100),
            ),
          ];
        }),
      );
    const round = async (index: number, percent: number) => {
      const at = now + index * 15_000;
      await measureAll(at, percent);
      const began = performance.now();
      await evaluateAlerts(database, metrics, at);
      return performance.now() - began;
    };
    const quiet: number[] = [];
    for (let index = 0; index <= ROUNDS; index++) quiet.push(await round(index, 50));
    const all = await round(ROUNDS + 1, 95);
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
    return [row('none of which fires', median(quiet.slice(1))), row('most of which fire', all)];
  } finally {
    await metrics.close();
    await database.drop();
  }
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
