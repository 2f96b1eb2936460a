/** `GET /resources/search` in a team with 100,000 servers, by texts that find none, one, a hundred, and all of them. */
import { randomUUID } from 'node:crypto';
import { clientOf } from '../server/test/client.ts';
import { startTestApp, type TestApp, testConfig } from '../server/test/harness.ts';
import { median, type Row } from './report.ts';

const ROWS = 100_000;
const TIMES = 50;

export async function benchSearch(): Promise<Row[]> {
  // Without a worker, because its reconciler would find that none of these rows has an instance.
  const test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
  try {
    const ids = await fill(test);
    const texts = {
      'a name': 'web-77777',
      'a part of 100 names': '-777',
      'a part of all names': 'web',
      'two letters of all names': 'eb',
      'a text that is nowhere': 'nothing like it',
      'an id': ids[500]!,
      'an address': '10.64.3.7',
    };
    const rows: Row[] = [];
    for (const [name, text] of Object.entries(texts)) rows.push(await measure(test, name, text));
    return rows;
  } finally {
    await test.close();
  }
}

async function measure(test: TestApp, name: string, text: string): Promise<Row> {
  const call = clientOf(test.app.url!, test.team.token);
  const times: number[] = [];
  for (let turn = 0; turn < TIMES; turn++) {
    const began = performance.now();
    const { status } = await call('GET', `/resources/search?q=${encodeURIComponent(text)}`);
    if (status !== 200) throw new Error(`The search for ${text} was answered with ${status}.`);
    // The first ones prepare the statement.
    if (turn >= TIMES / 5) times.push(performance.now() - began);
  }
  return {
    name: `GET /resources/search by ${name}, of ${ROWS.toLocaleString('en')}`,
    ours: median(times),
    floor: 20,
    floorName: 'the aim',
    unit: 'ms',
    aim: '≤ 1',
  };
}

/** Returns the ids. */
async function fill({ database: { pool }, team }: TestApp): Promise<string[]> {
  const ids = Array.from({ length: ROWS }, () => randomUUID());
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(`set local session_replication_role = replica`);
    await client.query(
      `with instance as (
         insert into instances (id, kind, team_id, user_id, name, status, desired, plan, vcpu, memory_mb, disk_gb,
           price_cents, datacenter, created_at)
         select id, 'vps', $1, $2, 'web-' || n, 'running', 'running', 'nano_shared', 2, 2048, 40,
           449, 'fsn1', now() - make_interval(secs => n)
         from unnest($3::uuid[]) with ordinality one (id, n)
         returning id),
       numbered as (select id, row_number() over () n from instance)
       insert into members (id, instance_id, ipv4) select id, id, inet '10.64.0.0' + n from numbered`,
      [team.teamId, team.accountId, ids],
    );
    await client.query('commit');
  } finally {
    client.release();
  }
  await pool.query('vacuum (analyze) instances, members');
  return ids;
}
