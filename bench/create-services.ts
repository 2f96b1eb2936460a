/**
 * `POST /database` and `POST /cache` until the first authenticated query, against the raw Incus calls that create the
 * same instance (volume, instance, settings) until the same query, and against those with an image in which the engine
 * initialises its data at the first start. Medians over alternating rounds; all sides query with the engine's own client.
 */

import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceSpec } from '../server/src/dataplane/contract/compute.ts';
import { IncusClient } from '../server/src/dataplane/incus/client.ts';
import { creationBody, type Placement } from '../server/src/dataplane/incus/instance-config.ts';
import { projectName } from '../server/src/dataplane/incus/names.ts';
import { createSecretBox } from '../server/src/lib/crypto.ts';
import { createLog } from '../server/src/lib/log.ts';
import { run } from '../server/src/lib/run.ts';
import { createAuthorityReader } from '../server/src/resources/certificate-authority/authority.ts';
import { instanceSpec } from '../server/src/resources/managed-services/settings.ts';
import { getService } from '../server/src/resources/managed-services/store.ts';
import { imageOf, type Provider } from '../server/src/services/provider.ts';
import { PROVIDERS } from '../server/src/services/registry.ts';
import { clientOf } from '../server/test/client.ts';
import { startTestApp, TEST_POOLS, type TestApp, waitFor } from '../server/test/harness.ts';
import { createTestIncus, fromTestRun } from '../server/test/incus.ts';
import { dataMount, volumeOf } from '../server/test/volumes.ts';
import { publishInitialising } from './initialising-images.ts';
import { openRawTenant, type RawTenant } from './raw-tenant.ts';
import { median, printRounds, type Row } from './report.ts';

/** Odd, for the median. */
const ROUNDS = 5;
/** Time-out of a connection attempt in milliseconds, since a lost first packet is only retransmitted after a second. */
const CONNECT_MS = 50;

interface Setting {
  test: TestApp;
  secretKey: Buffer;
  incus: IncusClient;
  tenant: RawTenant;
  provider: Provider;
}

interface Login {
  host: string;
  password: string;
}

export async function benchCreateServices(): Promise<Row[]> {
  const plane = createTestIncus(createLog('silent'));
  const pools = {
    ...TEST_POOLS,
    ipv4: fromTestRun('DANUBE_IPV4_POOL'),
    ipv6: fromTestRun('DANUBE_IPV6_POOL'),
  };
  const secretKey = randomBytes(32);
  const test = await startTestApp({ plane, pools, secretKey });
  const incus = new IncusClient({ socketPath: fromTestRun('DANUBE_TEST_INCUS_SOCKET') });
  const tenant = await openRawTenant(plane);
  const rows: Row[] = [];
  try {
    for (const provider of PROVIDERS) {
      const version = provider.versions[0]!.version;
      await plane.ensureImage(imageOf(provider, version));
      const setting = { test, secretKey, incus, tenant, provider };
      rows.push(...(await compare(setting, rows[0]?.ours ?? null)));
    }
    return rows;
  } finally {
    await incus.close();
    await tenant.close();
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    await plane.removeTenant(test.team.teamId);
    await test.close();
  }
}

/** `first`: the seconds of the first engine, PostgreSQL, with which the others are compared. */
async function compare(setting: Setting, first: number | null): Promise<Row[]> {
  const { incus, provider } = setting;
  // The first creation also creates the team's network, and loads the image into the page cache.
  const { spec } = await throughDanube(setting);
  const name = `bench-${provider.id}`;
  const removeImage = await publishInitialising(incus, spec, place(), { engine: provider.id, name });
  const [ours, raw, initialising]: number[][] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const { seconds, ...made } = await throughDanube(setting);
    ours!.push(seconds);
    raw!.push(await throughIncus(setting, made));
    if (removeImage) {
      const changed = { ...made, spec: { ...made.spec, image: name } };
      initialising!.push(await throughIncus(setting, changed));
    }
  }
  await removeImage?.();
  printRounds(provider.id, { Danube: ours!, raw: raw!, initialising: initialising! });
  const row = (floor: number, floorName: string, aim: string): Row => ({
    name: `POST /${provider.kind} to first query, ${provider.name} ${provider.versions[0]!.version}`,
    ours: median(ours!),
    floor,
    floorName,
    unit: 's',
    aim,
  });
  return [
    row(median(raw!), 'raw Incus calls', '≤ 1.25'),
    ...(removeImage ? [row(median(initialising!), 'raw, initialising its data', '≤ 0.7')] : []),
    ...(first === null ? [] : [row(first, 'PostgreSQL', '≤ 1.5')]),
  ];
}

/** Creates, queries and deletes an instance. Returns its properties, so that the other side creates the same. */
async function throughDanube({ test, secretKey, tenant, provider }: Setting) {
  const call = clientOf(test.app.url!, test.team.token);
  const path = `/${provider.kind}`;
  const start = performance.now();
  const created = await call('POST', path, {
    name: 'bench',
    provider: provider.id,
    datacenter: 'fsn1',
    resource_profile: 'small',
  });
  const { id } = created.body.instance;
  const login: Login = (await call('GET', `${path}/${id}/credentials`)).body;
  await firstAnswer(provider, login);
  const seconds = (performance.now() - start) / 1000;
  const { db } = test.database;
  const secrets = createSecretBox(secretKey);
  const row = await getService(db, id);
  const dependencies = {
    secrets,
    authority: createAuthorityReader(test.database, secrets),
    publicAddress: null,
  };
  const { ref, network, addresses } = tenant;
  const spec: InstanceSpec = {
    ...(await instanceSpec({ ...row, ...addresses }, network, dependencies)),
    ref,
    volumes: [dataMount(ref)],
  };
  await waitFor(
    'running',
    async () => (await call('GET', `${path}/${id}`)).body.instance.status === 'running',
    60,
  );
  await call('POST', `${path}/${id}/force-stop`);
  await call('DELETE', `${path}/${id}`);
  await waitFor('404', async () => (await call('GET', `${path}/${id}`)).status === 404, 60);
  return { seconds, spec, volumeGb: row.disk_gb, login };
}

const place = (): Placement => ({
  installId: fromTestRun('DANUBE_TEST_INSTALL_ID'),
  pool: fromTestRun('DANUBE_TEST_INCUS_POOL'),
  hostVcpu: 2,
});

async function throughIncus(
  { incus, tenant, provider }: Setting,
  { spec, volumeGb, login }: { spec: InstanceSpec; volumeGb: number; login: Login },
): Promise<number> {
  const { installId, pool } = place();
  const query = { project: projectName(installId, spec.ref.teamId) };
  const volumes = `/1.0/storage-pools/${pool}/volumes/custom`;
  const instance = `/1.0/instances/${spec.ref.name}`;
  const volume = volumeOf(spec.ref).name;
  const config = { size: `${volumeGb}GiB`, 'security.shifted': 'true' };
  const start = performance.now();
  await incus.request('POST', volumes, { name: volume, content_type: 'filesystem', config }, { query });
  await incus.request('POST', '/1.0/instances', creationBody(spec, place()), {
    query,
  });
  for (const file of spec.files) {
    const headers = {
      'content-type': 'application/octet-stream',
      'x-incus-type': 'file',
      'x-incus-mode': file.mode,
      'x-incus-uid': '0',
      'x-incus-gid': '0',
    };
    const options = { query: { ...query, path: file.path } };
    await incus.upload(`${instance}/files`, { body: file.content, headers }, options);
  }
  await firstAnswer(provider, { ...login, host: tenant.addresses.ipv4! });
  const seconds = (performance.now() - start) / 1000;
  await incus.request('PUT', `${instance}/state`, { action: 'stop', force: true }, { query });
  await incus.request('DELETE', instance, undefined, { query });
  await incus.request('DELETE', `${volumes}/${volume}`, undefined, { query });
  return seconds;
}

/** Connects until the port is open, then queries with the engine's own client until it answers. */
async function firstAnswer(provider: Provider, login: Login): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!((await isOpen(login.host, provider.ports.tls)) && (await ask(provider, login)))) {
    if (Date.now() > deadline) throw new Error(`${provider.name} at ${login.host} does not answer.`);
    await delay(20);
  }
}

function isOpen(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port, timeout: CONNECT_MS });
  const end = (open: boolean) => {
    socket.destroy();
    resolve(open);
  };
  socket.once('connect', () => end(true));
  socket.once('error', () => end(false));
  socket.once('timeout', () => end(false));
  return promise;
}

async function ask(provider: Provider, { host, password }: Login): Promise<boolean> {
  const options = { allow: 'any', timeoutSeconds: 10 } as const;
  const env = {
    ...process.env,
    PGPASSWORD: password,
    MYSQL_PWD: password,
    REDISCLI_AUTH: password,
    PGCONNECT_TIMEOUT: '2',
  };
  if (provider.id === 'postgresql') {
    const to = `host=${host} user=${provider.username} dbname=postgres sslmode=require`;
    return (await run('psql', ['-XAtqc', 'select 1', to], { ...options, env })).status === 0;
  }
  if (provider.kind === 'database') {
    const to = ['-h', host, '-u', provider.username, '--connect-timeout=2', '--ssl'];
    return (await run('mariadb', [...to, '-NBe', 'select 1'], { ...options, env })).status === 0;
  }
  const to = ['-h', host, '-p', String(provider.ports.tls), '--tls', '--insecure'];
  const answer = await run('redis-cli', [...to, '--no-auth-warning', 'PING'], { ...options, env });
  return answer.stdout.trim() === 'PONG';
}
