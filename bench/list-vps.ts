/**
 * Authenticated, rate-limited `GET /vps?per_page=25` against a bare Fastify route that runs the same SQL on the same
 * pool and sends what comes back, at 100,000 rows of one team; and the p99 of the former at 100,000 and 100 rows.
 */
import autocannon from 'autocannon';
import Fastify from 'fastify';
import { listVpsQuery } from '../server/src/resources/vps/store.ts';
import { startTestApp, type TestApp, testConfig } from '../server/test/harness.ts';
import { median, type Row } from './report.ts';

const ROWS = 100_000;
const SECONDS = 4;
const ROUNDS = 3;
const CONNECTIONS = 10;

export async function benchListVps(): Promise<Row[]> {
  // Without a worker, because its reconciler would find that none of these rows has an instance.
  const test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
  const bare = await startBare(test);
  try {
    const url = `${test.app.url}/api/v1/vps?per_page=25`;
    await fill(test, 100);
    await load(url, test.team.token);
    const small = await measure([() => load(url, test.team.token)]);
    await fill(test, ROWS);
    await load(url, test.team.token);
    await load(bare.url, test.team.token);
    const large = await measure([() => load(url, test.team.token), () => load(bare.url, test.team.token)]);
    return [
      {
        name: 'GET /vps?per_page=25, requests per second at 100,000 rows',
        ours: large[0]!.rps,
        floor: large[1]!.rps,
        floorName: 'bare Fastify route, same SQL and pool',
        unit: 'req/s',
        aim: '≥ 0.6',
      },
      {
        name: 'GET /vps?per_page=25, p99 at 100,000 rows',
        ours: large[0]!.p99,
        floor: small[0]!.p99,
        floorName: 'the same at 100 rows',
        unit: 'ms',
        aim: '≤ 1.2',
      },
    ];
  } finally {
    await bare.close();
    await test.close();
  }
}

async function startBare(test: TestApp) {
  const server = Fastify();
  const { sql, parameters } = listVpsQuery(test.database.db, test.team.teamId, {
    page: 1,
    per_page: 25,
  }).compile();
  const total = 'select used from team_usage where team_id = $1 and kind = $2';
  server.get('/', async () => {
    const [rows, count] = await Promise.all([
      test.app.database.pool.query(sql, [...parameters]),
      test.app.database.pool.query(total, [test.team.teamId, 'vps']),
    ]);
    return { data: rows.rows, total: count.rows[0].used };
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, close: () => server.close() };
}

/** Fills the team up to `rows` VPS, as if they had been created one second apart. */
async function fill(test: TestApp, rows: number): Promise<void> {
  const { pool } = test.database;
  // Triggers count each row in one that all share, and so many of them in one transaction take minutes.
  await pool.query('alter table instances disable trigger user; alter table members disable trigger user');
  await pool.query(
    `with instance as (
       insert into instances (id, kind, team_id, user_id, name, status, desired, plan, vcpu, memory_mb, disk_gb,
         price_cents, datacenter, created_at)
       select gen_random_uuid(), 'vps', $1, $2, 'web-' || n, 'running', 'running', 'nano_shared', 2, 2048, 40,
         449, 'fsn1', now() - make_interval(secs => n)
       from generate_series((select count(*) + 1 from vps), $3) n
       returning id),
     member as (insert into members (id, instance_id) select id, id from instance)
     insert into vps (id, cpu_allocation_type, image, auth_method, password_sealed, network_stack)
     select id, 'shared', 'debian-12', 'ssh_key', '\\x00', 'dual_stack' from instance`,
    [test.team.teamId, test.team.accountId, rows],
  );
  await pool.query(
    `insert into team_usage (team_id, kind, used) values ($1, 'vps', $2)
     on conflict (team_id, kind) do update set used = excluded.used`,
    [test.team.teamId, rows],
  );
  await pool.query('alter table instances enable trigger user; alter table members enable trigger user');
  await pool.query('analyze instances, members, vps');
}

async function load(url: string, token: string): Promise<{ rps: number; p99: number }> {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: SECONDS,
    workers: 1,
    headers: { authorization: `Bearer ${token}` },
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refused, ${result.errors} errors`);
  return { rps: result.requests.average, p99: result.latency.p99 };
}

/** Medians over interleaved rounds, so that disturbances affect both sides. */
async function measure(runs: (() => Promise<{ rps: number; p99: number }>)[]) {
  const results = runs.map(() => [] as { rps: number; p99: number }[]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, run] of runs.entries()) results[index]!.push(await run());
  }
  return results.map((list) => ({
    rps: median(list.map((r) => r.rps)),
    p99: median(list.map((r) => r.p99)),
  }));
}
