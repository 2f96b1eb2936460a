/**
 * `POST /vps` until root has logged in over SSH, with several at once, against two floors: the single raw Incus call that
 * creates and starts an instance (limits, disk, address, user-data) until its banner, of an image in which cloud-init
 * comes before SSH, and of one in which nothing does. And in a team with many instances, against an empty team.
 */
import type { InstanceSpec } from '../server/src/dataplane/contract/compute.ts';
import { IncusClient } from '../server/src/dataplane/incus/client.ts';
import { creationBody } from '../server/src/dataplane/incus/instance-config.ts';
import { projectName } from '../server/src/dataplane/incus/names.ts';
import { buildGuestData } from '../server/src/images/cloud-init.ts';
import { createLog } from '../server/src/lib/log.ts';
import { type Call, clientOf, newVps } from '../server/test/client.ts';
import { createSshClient, type SshClient } from '../server/test/contract/ssh-client.ts';
import { createTeam, startTestApp, TEST_POOLS, waitFor } from '../server/test/harness.ts';
import { createTestIncus, fromTestRun } from '../server/test/incus.ts';
import { BARE, publishRawImages, STOCK } from './raw-images.ts';
import { openRawTenant, type RawTenant } from './raw-tenant.ts';
import { median, type Row } from './report.ts';
import { type Times, timesOf } from './ssh-times.ts';

/** How many instances are created at once, and how often. */
const CROWDS = [
  { size: 1, rounds: 3 },
  { size: 5, rounds: 1 },
  { size: 20, rounds: 1 },
];
/** Instances of the large team. They are stopped, but have addresses and firewalls like any other. */
const NEIGHBOURS = Number(process.env.NEIGHBOURS ?? 50);
const NEIGHBOUR_ROUNDS = 3;
/** How many of them are created at once; more would wait for boot slots. */
const AT_ONCE = 3;
const PASSWORD = 'correct horse battery';

export async function benchCreateReal(): Promise<Row[]> {
  const plane = createTestIncus(createLog('silent'));
  const pools = {
    ...TEST_POOLS,
    ipv4: fromTestRun('DANUBE_IPV4_POOL'),
    ipv6: fromTestRun('DANUBE_IPV6_POOL'),
  };
  const test = await startTestApp({ plane, pools });
  const incus = new IncusClient({ socketPath: fromTestRun('DANUBE_TEST_INCUS_SOCKET') });
  const large = await createTeam(test.database);
  const ssh = await createSshClient();
  try {
    await test.database.pool.query(`update teams set quotas = '{"vps": 1000}'`);
    await plane.ensureImage('debian-12');
    const tenant = await openRawTenant(plane);
    const raw = rawCreations(incus, tenant, ssh);
    const spec = await rawSpec(tenant, 0, 'debian-12');
    const removeImages = await publishRawImages(incus, spec, PLACE(), ssh.mine.publicKey);
    const [empty, full] = [test.team, large].map(({ token }) => clientOf(test.app.url!, token));
    const login = await addKey(empty!, ssh);
    const ours = await danubeCreations(empty!, login, ssh);
    const rows: Row[] = [];
    // The first instance of an image also unpacks it.
    for (const image of [STOCK, BARE]) await raw(image)(1);
    for (const { size, rounds } of CROWDS) rows.push(...(await compare(ours, raw, size, rounds)));
    if (NEIGHBOURS > 0) {
      await fill(full!);
      rows.push(await compareTeams(ours, await danubeCreations(full!, await addKey(full!, ssh), ssh)));
    }
    await removeImages();
    await tenant.close();
    return rows;
  } finally {
    ssh.close();
    await incus.close();
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    for (const { teamId } of [test.team, large]) await plane.removeTenant(teamId);
    await test.close();
  }
}

/** Creates that many instances at once and removes them. */
type Create = (count: number) => Promise<Times[]>;

async function compare(
  ours: Create,
  raw: (image: string) => Create,
  size: number,
  rounds: number,
): Promise<Row[]> {
  const [danube, stock, bare]: Times[][] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    danube!.push(...(await ours(size)));
    stock!.push(...(await raw(STOCK)(size)));
    bare!.push(...(await raw(BARE)(size)));
  }
  print(`${size} at once, through Danube`, danube!);
  print(`${size} at once, cloud-init first`, stock!);
  print(`${size} at once, nothing before SSH`, bare!);
  const middle = (times: Times[], what: keyof Times): number => median(times.map((time) => time[what]));
  const login = middle(danube!, 'login');
  const of = size === 1 ? '' : `, ${size} at once`;
  const row = (name: string, mine: number, floor: number, floorName: string, aim: string): Row => ({
    name,
    ours: mine,
    floor,
    floorName,
    unit: 's',
    aim,
  });
  const first = middle(stock!, 'banner');
  const least = middle(bare!, 'banner');
  return [
    row(`POST /vps to root's login, Debian 12${of}`, login, first, 'banner, cloud-init first', '≤ 0.4'),
    row(`The same${of}`, login, least, 'banner, nothing before SSH', `≤ ${(1 + 0.35 / least).toFixed(2)}`),
    row(`The same${of}`, login, middle(bare!, 'login'), 'login, nothing before SSH', ''),
    row(`POST /vps to the banner${of}`, middle(danube!, 'banner'), least, 'nothing before SSH', ''),
  ];
}

/** All figures: those of many at once are far apart. */
function print(what: string, times: readonly Times[]): void {
  const of = (member: keyof Times): string => times.map((time) => time[member].toFixed(2)).join(' ');
  process.stdout.write(`${what}: banner ${of('banner')}, login ${of('login')}\n`);
}

async function compareTeams(empty: Create, full: Create): Promise<Row> {
  const [alone, crowded]: number[][] = [[], []];
  for (let round = 0; round < NEIGHBOUR_ROUNDS; round++) {
    alone!.push((await empty(1))[0]!.login);
    crowded!.push((await full(1))[0]!.login);
  }
  return {
    name: `POST /vps to root's login in a team of ${NEIGHBOURS}`,
    ours: median(crowded!),
    floor: median(alone!),
    floorName: 'in an empty team',
    unit: 's',
    aim: '≤ 1.15',
  };
}

/** Creates the neighbours of the team. */
async function fill(call: Call): Promise<void> {
  const names = Array.from({ length: NEIGHBOURS }, (_, number) => `neighbour-${number}`);
  while (names.length > 0) {
    await Promise.all(names.splice(0, AT_ONCE).map((name) => createStopped(call, name)));
  }
}

async function createStopped(call: Call, name: string): Promise<void> {
  const { id } = await createVps(call, { name, password: PASSWORD });
  await waitForStatus(call, id, 'running');
  const stop = await call('POST', `/vps/${id}/stop`);
  if (stop.status !== 200) throw new Error(JSON.stringify(stop.body));
  await waitForStatus(call, id, 'stopped');
}

export async function createVps(
  call: Call,
  changes: Record<string, unknown>,
): Promise<{ id: string; public_ip: string }> {
  const { status, body } = await call('POST', '/vps', newVps(changes));
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.instance;
}

const waitForStatus = (call: Call, id: string, wanted: string): Promise<true> =>
  waitFor(
    `${id} to be ${wanted}`,
    async () => (await call('GET', `/vps/${id}/status`)).body.status === wanted,
    120,
  );

/** What the request for a server has to say so that root can log in with this client's key. */
export async function addKey(call: Call, ssh: SshClient): Promise<Record<string, unknown>> {
  const { status, body } = await call('POST', '/ssh-keys', { name: 'bench', public_key: ssh.mine.publicKey });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return { auth_method: 'ssh_key', ssh_key_id: body.key.id, password: undefined };
}

/** Creations through Danube, in the team of this client. */
async function danubeCreations(call: Call, login: Record<string, unknown>, ssh: SshClient): Promise<Create> {
  let number = 0;
  const create: Create = async (count) => {
    const made = Array.from({ length: count }, async () => {
      const start = performance.now();
      const { id, public_ip } = await createVps(call, { name: `ours-${number++}`, ...login });
      return { id, times: await timesOf(start, public_ip, ssh) };
    });
    const all = await Promise.all(made);
    // Deleted before the next round, so that every round runs on the same host.
    await Promise.all(all.map(({ id }) => remove(call, id)));
    return all.map(({ times }) => times);
  };
  // The first creation in a team also creates its network, which is not part of the comparison.
  await create(1);
  return create;
}

async function remove(call: Call, id: string): Promise<void> {
  await waitForStatus(call, id, 'running');
  await call('POST', `/vps/${id}/stop`);
  await call('DELETE', `/vps/${id}`);
  await waitFor('404', async () => (await call('GET', `/vps/${id}`)).status === 404, 60);
}

export const PLACE = () => ({
  installId: fromTestRun('DANUBE_TEST_INSTALL_ID'),
  pool: fromTestRun('DANUBE_TEST_INCUS_POOL'),
  hostVcpu: 2,
});

/** Raw creations of an image. */
function rawCreations(incus: IncusClient, tenant: RawTenant, ssh: SshClient): (image: string) => Create {
  const place = PLACE();
  const query = { project: projectName(place.installId, tenant.ref.teamId) };
  return (image) => async (count) => {
    const specs = await Promise.all(
      Array.from({ length: count }, (_, number) => rawSpec(tenant, number, image)),
    );
    const times = await Promise.all(
      specs.map(async (spec) => {
        const body = creationBody(spec, place) as object;
        const start = performance.now();
        await incus.request('POST', '/1.0/instances', body, { query });
        // Root cannot log in with this key where cloud-init comes first, nor is that compared.
        return timesOf(start, spec.addresses.ipv4!, image === BARE ? ssh : null);
      }),
    );
    for (const { ref } of specs) {
      const path = `/1.0/instances/${ref.name}`;
      await incus.request('PUT', `${path}/state`, { action: 'stop', force: true }, { query });
      await incus.request('DELETE', path, undefined, { query });
    }
    return times;
  };
}

export async function rawSpec(tenant: RawTenant, number: number, image: string): Promise<InstanceSpec> {
  const { ref, addresses } = tenant.instances[number]!;
  const hostname = ref.name;
  return {
    ref,
    image,
    limits: { vcpu: 2, memoryMb: 2048, diskGb: 40 },
    network: tenant.network,
    addresses,
    hostname,
    ...(await buildGuestData({
      hostname,
      authorizedKey: null,
      rootPassword: PASSWORD,
      allowPasswordLogin: true,
      custom: null,
    })),
    volumes: [],
    files: [],
    publish: [],
    autoStart: true,
    generation: 1,
  };
}
