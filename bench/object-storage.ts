/**
 * Object storage: reads and writes through the customers' endpoint against the gateway's own port, `POST /storage/buckets`
 * until the first object is written against the raw calls that this takes, and the list of a team with 100,000 buckets
 * against a bare route with the same SQL.
 */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import Fastify from 'fastify';
import { BucketConfiguration } from '../server/src/object-store/rgw/bucket-settings.ts';
import { GatewayClient } from '../server/src/object-store/rgw/client.ts';
import { GATEWAY_PORT, gatewayAddress, type StoreRow } from '../server/src/object-store/rgw/row.ts';
import { BUCKET_QUOTA } from '../server/src/resources/object-storage/team.ts';
import { startTestApp, type TestApp, testConfig } from '../server/test/harness.ts';
import { makeBucket, succeeded } from '../server/test/object-storage.ts';
import { StoreWorld } from '../server/test/real/object-store.ts';
import { type Keys, StoreCustomers } from '../server/test/real/object-store-customers.ts';
import { type Load, sendLoad } from './load.ts';
import { measureCounting } from './object-log.ts';
import { median, type Row } from './report.ts';

const CONNECTIONS = 16;
const SECONDS = 4;
const ROUNDS = 3;
const SIZES = [
  { bytes: 4096, name: '4 KiB' },
  { bytes: 1024 ** 2, name: '1 MiB' },
];
const CREATIONS = 7;
/** Buckets that requests are counted for. */
const BUCKETS = 100;
const ROWS = Number(process.env.ROWS ?? 100_000);

export async function benchObjectStorage(): Promise<Row[]> {
  const world = new StoreWorld();
  const customers = new StoreCustomers(world);
  try {
    await world.open();
    // Whose passes would come between those that are measured.
    await customers.open(['bucket-requests']);
    const keys = await customers.key({ scope: 'team' });
    const row = await world.row();
    return [
      ...(await compareTransfers(customers, keys, row)),
      await compareCreations(customers, keys, row),
      await measureCounting(customers, await fill({ ...customers.test, team: customers.team }, BUCKETS)),
      await compareLists(),
    ];
  } finally {
    await customers.close();
    await world.close();
  }
}

const plainUrl = (row: StoreRow): string => `http://${gatewayAddress(row)}:${GATEWAY_PORT}`;

/** The same signed requests, from a process of its own, over TLS through the front and without TLS past it. */
async function compareTransfers(customers: StoreCustomers, keys: Keys, row: StoreRow): Promise<Row[]> {
  const { minio_bucket_name: Bucket } = await makeBucket(customers.call, 'bench', {
    encryption_enabled: false,
  });
  const rows: Row[] = [];
  for (const { bytes, name } of SIZES)
    for (const method of ['PUT', 'GET'] as const) {
      const loadOf = async (endpoint: string) => {
        const paths = await presigned(customers, keys, endpoint, method, Bucket, bytes);
        const signed = { method, bytes, paths, ca: customers.world.authority.certificate };
        return { url: endpoint, tokens: [], connections: CONNECTIONS, seconds: SECONDS, signed };
      };
      const loads = [await loadOf(customers.world.store.access.url!), await loadOf(plainUrl(row))];
      const [ours, floor] = await perSecond(loads);
      const what = `${method} of ${name} at ${CONNECTIONS} connections`;
      rows.push({
        name: what,
        ours: ours!,
        floor: floor!,
        floorName: 'plain port',
        unit: 'req/s',
        aim: '≥ 0.9',
      });
    }
  return rows;
}

async function presigned(
  { world }: StoreCustomers,
  credentials: Keys,
  endpoint: string,
  method: 'GET' | 'PUT',
  Bucket: string,
  bytes: number,
): Promise<string[]> {
  const client = new S3Client({
    ...{ endpoint, region: world.store.access.region, forcePathStyle: true, credentials },
    // Every connection sends the same bytes again, of which the address has no checksum.
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const paths = Array.from({ length: CONNECTIONS }, async (_, index) => {
    const wanted = { Bucket, Key: `${bytes}/${index}` };
    const command = method === 'GET' ? new GetObjectCommand(wanted) : new PutObjectCommand(wanted);
    const { pathname, search } = new URL(await getSignedUrl(client, command, { expiresIn: 3600 }));
    return `${pathname}${search}`;
  });
  const all = await Promise.all(paths);
  client.destroy();
  return all;
}

/** Requests per second: medians over interleaved rounds, the first of which is not counted. */
async function perSecond(loads: readonly Load[]): Promise<number[]> {
  const results = loads.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [index, load] of loads.entries()) results[index]!.push((await sendLoad(load)).rps);
  return results.map(([_first, ...counted]) => median(counted));
}

async function compareCreations(customers: StoreCustomers, keys: Keys, row: StoreRow): Promise<Row> {
  const { call, world, team } = customers;
  const { region } = world.store.access;
  const raw = new GatewayClient({ url: plainUrl(row), region, ...row.credentials });
  const owner = { accessKey: keys.accessKeyId, secretKey: keys.secretAccessKey };
  const client = world.client(keys);
  const times: { ours: number[]; raw: number[] } = { ours: [], raw: [] };
  for (let round = 0; round <= CREATIONS; round++) {
    let start = performance.now();
    const created = await call('POST', '/storage/buckets', { name: `made-${round}`, region });
    await succeeded(call, created);
    const { id, minio_bucket_name: Bucket } = created.body.bucket;
    await client.send(new PutObjectCommand({ Bucket, Key: 'first', Body: 'x' }));
    times.ours.push(performance.now() - start);
    await succeeded(call, await call('DELETE', `/storage/buckets/${id}?force=true`));

    const name = `t${team.teamId}-raw-${round}`;
    start = performance.now();
    await raw.s3(owner, { method: 'PUT', path: `/${name}` });
    await new BucketConfiguration(raw, owner, name).apply({ encryption: { type: 'sse-s3' } });
    // Ceph refuses encrypted objects without TLS, unless a proxy says that it has ended that.
    const headers = { 'x-forwarded-proto': 'https' };
    await raw.s3(owner, { method: 'PUT', path: `/${name}/first`, body: 'x', headers });
    times.raw.push(performance.now() - start);
    await raw.s3(owner, { method: 'DELETE', path: `/${name}/first` });
    await raw.s3(owner, { method: 'DELETE', path: `/${name}` });
  }
  client.destroy();
  const middle = ([_first, ...counted]: number[]) => median(counted);
  return {
    name: 'POST /storage/buckets to the first PUT',
    ours: middle(times.ours),
    floor: middle(times.raw),
    floorName: 'raw calls: bucket, encryption, object',
    unit: 'ms',
    aim: '≤ 1.3',
  };
}

async function compareLists(): Promise<Row> {
  // Without a worker, because its reconcilers would find that the store has none of these.
  const test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
  const { team, database } = test;
  const server = Fastify();
  try {
    await fill(test, ROWS);
    const { db } = database;
    const list = db
      .selectFrom('buckets')
      .selectAll()
      .where('team_id', '=', team.teamId)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(26)
      .compile();
    const total = 'select used from team_usage where team_id = $1 and kind = $2';
    const { pool } = test.app.database;
    server.get('/', async () => {
      const [rows, count] = await Promise.all([
        pool.query(list.sql, [...list.parameters]),
        pool.query(total, [team.teamId, BUCKET_QUOTA]),
      ]);
      return { data: rows.rows, total: count.rows[0].used };
    });
    const bare = await server.listen({ host: '127.0.0.1', port: 0 });
    const load = { tokens: [team.token], connections: 10, seconds: SECONDS };
    const [ours, floor] = await perSecond([
      { url: `${test.app.url}/api/v1/storage/buckets?per_page=25`, ...load },
      { url: bare, ...load },
    ]);
    return {
      name: `GET /storage/buckets?per_page=25 at ${ROWS.toLocaleString('en')} rows`,
      ours: ours!,
      floor: floor!,
      floorName: 'bare Fastify route, same SQL and pool',
      unit: 'req/s',
      aim: '≥ 0.6',
    };
  } finally {
    await server.close();
    await test.close();
  }
}

/** Gives the team so many buckets, as if they had been created one second apart. Returns their names in S3. */
async function fill(
  { database: { pool }, team }: Pick<TestApp, 'database' | 'team'>,
  count: number,
): Promise<string[]> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    // No triggers: they count each row in one that all share, and check each reference.
    await client.query('set local session_replication_role = replica');
    const { rows } = await client.query(
      `insert into buckets (id, team_id, user_id, name, s3_name, region, status, object_lock, versioning, encryption_type,
         public_access, created_at)
       select gen_random_uuid(), $1, $2, 'b' || n, 't0-b' || n, 'fsn1', 'active', false, 'off', 'none', false,
         now() - make_interval(secs => n) from generate_series(1, $3) n
       returning s3_name`,
      [team.teamId, team.accountId, count],
    );
    await client.query(
      `insert into team_usage (team_id, kind, used) values ($1, $2, $3)
       on conflict (team_id, kind) do update set used = excluded.used`,
      [team.teamId, BUCKET_QUOTA, count],
    );
    await client.query('commit');
    return rows.map(({ s3_name }) => s3_name);
  } finally {
    client.release();
    await pool.query('vacuum (analyze) buckets');
  }
}
