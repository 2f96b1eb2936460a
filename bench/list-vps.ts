/**
 * Authenticated, rate-limited reads against bare Fastify routes that run the same SQL on the same pool and send what
 * comes back, in a team with a million servers: a page of the list, at its beginning and deep in it, and one server;
 * with one token, and with a thousand at once.
 */
import Fastify from 'fastify';
import { createToken } from '../server/src/identity/tokens/service.ts';
import { findVpsQuery, listVpsQuery } from '../server/src/resources/vps/store.ts';
import { clientOf } from '../server/test/client.ts';
import { startTestApp, type TestApp, testConfig } from '../server/test/harness.ts';
import { type Load, sendLoad } from './load.ts';
import { median, type Row } from './report.ts';

const ROWS = Number(process.env.ROWS ?? 1_000_000);
const SMALL = 100;
/** Rows before the page that is deep in the list. */
const DEPTH = ROWS * 0.9;
const TOKENS = 1000;
const SECONDS = 4;
const ROUNDS = 3;
const CONNECTIONS = 10;
const PAGE = 'per_page=25';

interface Result {
  rps: number;
  p99: number;
}

export async function benchListVps(): Promise<Row[]> {
  // Without a worker, because its reconciler would find that none of these rows has an instance.
  const test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
  const api = `${test.app.url}/api/v1/vps`;
  const tokens = [test.team.token];
  try {
    await fill(test, SMALL);
    const [small] = await measure([{ url: `${api}?${PAGE}`, tokens }]);
    await fill(test, ROWS);
    const { cursor, id, tag } = await findTargets(test, api);
    const bare = await startBare(test, id);
    try {
      const lists = await measure([
        { url: `${api}?${PAGE}`, tokens },
        { url: `${bare.url}/list`, tokens },
        { url: `${api}?${PAGE}&after=${cursor}`, tokens },
      ]);
      const reads = await measure([
        { url: `${api}/${id}`, tokens },
        { url: `${bare.url}/one`, tokens },
        { url: `${api}/${id}`, tokens, known: tag },
        { url: `${api}/${id}`, tokens: await createTokens(test) },
      ]);
      return rowsOf(small!, lists, reads);
    } finally {
      await bare.close();
    }
  } finally {
    await test.close();
  }
}

function rowsOf(
  small: Result,
  [list, bareList, deep]: Result[],
  [read, bareRead, same, many]: Result[],
): Row[] {
  const rows = `${ROWS.toLocaleString('en')} rows`;
  const perSecond = (name: string, ours: Result, floor: Result, floorName: string, aim: string): Row => ({
    name: `${name}, requests per second at ${rows}`,
    ours: ours.rps,
    floor: floor.rps,
    floorName,
    unit: 'req/s',
    aim,
  });
  const bare = 'bare Fastify route, same SQL and pool';
  return [
    perSecond(`GET /vps?${PAGE}`, list!, bareList!, bare, '≥ 0.6'),
    {
      name: `GET /vps?${PAGE}, p99 at ${rows}`,
      ours: list!.p99,
      floor: small.p99,
      floorName: `the same at ${SMALL} rows`,
      unit: 'ms',
      aim: '≤ 1.2',
    },
    perSecond(
      `GET /vps?${PAGE}&after=… behind ${DEPTH.toLocaleString('en')}`,
      deep!,
      list!,
      'the first page',
      '≥ 0.9',
    ),
    perSecond('GET /vps/{id}', read!, bareRead!, bare, '≥ 0.6'),
    perSecond('GET /vps/{id}, unchanged (304)', same!, read!, 'the same with its body', '≥ 1'),
    perSecond(`GET /vps/{id} with ${TOKENS} tokens in turn`, many!, read!, 'one token', '≥ 0.8'),
  ];
}

/** A place deep in the list, and a server with the tag of its answer. */
async function findTargets(test: TestApp, api: string): Promise<{ cursor: string; id: string; tag: string }> {
  const call = clientOf(test.app.url!, test.team.token);
  const { body } = await call('GET', `/vps?per_page=100&page=${DEPTH / 100}`);
  const { id } = body.data[0];
  const answer = await fetch(`${api}/${id}`, { headers: { authorization: `Bearer ${test.team.token}` } });
  await answer.arrayBuffer();
  return { cursor: body.pagination.next_cursor, id, tag: answer.headers.get('etag')! };
}

async function createTokens(test: TestApp): Promise<string[]> {
  const { accountId, teamId } = test.team;
  const tokens: string[] = [];
  for (let index = 0; index < TOKENS; index++) {
    const token = { accountId, teamId, name: `token ${index}`, scopes: ['vps:read'] as const };
    tokens.push((await createToken(test.database.db, token)).plainText);
  }
  return tokens;
}

async function startBare(test: TestApp, id: string) {
  const server = Fastify();
  const { db } = test.database;
  const { pool } = test.app.database;
  const list = listVpsQuery(db, test.team.teamId, { page: 1, per_page: 25 }).compile();
  const one = findVpsQuery(db, test.team.teamId, id).compile();
  const total = 'select used from team_usage where team_id = $1 and kind = $2';
  server.get('/list', async () => {
    const [rows, count] = await Promise.all([
      pool.query(list.sql, [...list.parameters]),
      pool.query(total, [test.team.teamId, 'vps']),
    ]);
    return { data: rows.rows, total: count.rows[0].used };
  });
  server.get('/one', async () => (await pool.query(one.sql, [...one.parameters])).rows[0]);
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, close: () => server.close() };
}

/** Fills the team up to `rows` VPS, as if they had been created one second apart. */
async function fill(test: TestApp, rows: number): Promise<void> {
  const { pool } = test.database;
  const client = await pool.connect();
  try {
    await client.query('begin');
    // No triggers: they count each row in one that all share, and check each reference.
    await client.query(`set local session_replication_role = replica`);
    await client.query(
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
    await client.query(
      `insert into team_usage (team_id, kind, used) values ($1, 'vps', $2)
       on conflict (team_id, kind) do update set used = excluded.used`,
      [test.team.teamId, rows],
    );
    await client.query('commit');
  } finally {
    client.release();
  }
  await pool.query('vacuum (analyze) instances, members, vps');
}

/** Medians over interleaved rounds, so that disturbances affect all. Each is run once before, and not counted. */
async function measure(loads: Pick<Load, 'url' | 'tokens' | 'known'>[]): Promise<Result[]> {
  const results = loads.map((): Result[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, one] of loads.entries())
      results[index]!.push(await sendLoad({ ...one, connections: CONNECTIONS, seconds: SECONDS }));
  }
  return results.map(([_first, ...counted]) => ({
    rps: median(counted.map((r) => r.rps)),
    p99: median(counted.map((r) => r.p99)),
  }));
}
