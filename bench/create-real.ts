/**
 * `POST /vps` until the SSH banner, against the single raw Incus call that creates and starts the same instance (image,
 * limits, disk, address, user-data) until its banner; and in a team with many instances, against an empty team. Medians
 * over alternating rounds.
 */
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceSpec } from '../server/src/dataplane/contract/compute.ts';
import { IncusClient } from '../server/src/dataplane/incus/client.ts';
import { creationBody } from '../server/src/dataplane/incus/instance-config.ts';
import { projectName } from '../server/src/dataplane/incus/names.ts';
import { buildGuestData } from '../server/src/images/cloud-init.ts';
import { createLog } from '../server/src/lib/log.ts';
import { type Call, clientOf, newVps } from '../server/test/client.ts';
import { createTeam, startTestApp, TEST_POOLS, type TestApp, waitFor } from '../server/test/harness.ts';
import { createTestIncus, fromTestRun } from '../server/test/incus.ts';
import { openRawTenant, type RawTenant } from './raw-tenant.ts';
import { median, type Row } from './report.ts';

const ROUNDS = 5;
/** Instances of the large team. They are stopped, but have addresses and firewalls like any other. */
const NEIGHBOURS = Number(process.env.NEIGHBOURS ?? 50);
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
  try {
    await plane.ensureImage('debian-12');
    const [empty, full] = [test.team, large].map(({ token }) => clientOf(test.app.url!, token));
    await fill(full!, test);
    // The first creation in a team also creates its network, which is not part of the comparison.
    await createThroughDanube(empty!, 'warm-up');
    const tenant = await openRawTenant(plane);
    const ours: number[] = [];
    const crowded: number[] = [];
    const raw: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await createThroughDanube(empty!, `ours-${round}`));
      crowded.push(await createThroughDanube(full!, `crowded-${round}`));
      raw.push(await createRaw(incus, tenant));
    }
    await tenant.close();
    return [
      {
        name: 'POST /vps to SSH banner, Debian 12',
        ours: median(ours),
        floor: median(raw),
        floorName: 'raw Incus call',
        unit: 's',
        aim: '≤ 1.15',
      },
      {
        name: `The same in a team of ${NEIGHBOURS}`,
        ours: median(crowded),
        floor: median(ours),
        floorName: 'in an empty team',
        unit: 's',
        aim: '≤ 1.15',
      },
    ];
  } finally {
    await incus.close();
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    for (const { teamId } of [test.team, large]) await plane.removeTenant(teamId);
    await test.close();
  }
}

/** Creates the neighbours of the team. */
async function fill(call: Call, { database }: TestApp): Promise<void> {
  await database.pool.query(`update teams set quotas = '{"vps": 1000}'`);
  const names = Array.from({ length: NEIGHBOURS }, (_, number) => `neighbour-${number}`);
  while (names.length > 0) {
    await Promise.all(names.splice(0, AT_ONCE).map((name) => createStopped(call, name)));
  }
}

async function createStopped(call: Call, name: string): Promise<void> {
  const { status, body } = await call('POST', '/vps', newVps({ name, password: PASSWORD }));
  if (status !== 201) throw new Error(JSON.stringify(body));
  const { id } = body.instance;
  await waitForStatus(call, id, 'running');
  const stop = await call('POST', `/vps/${id}/stop`);
  if (stop.status !== 200) throw new Error(JSON.stringify(stop.body));
  await waitForStatus(call, id, 'stopped');
}

const waitForStatus = (call: Call, id: string, wanted: string): Promise<true> =>
  waitFor(
    `${id} to be ${wanted}`,
    async () => (await call('GET', `/vps/${id}/status`)).body.status === wanted,
    120,
  );

async function createThroughDanube(call: Call, name: string): Promise<number> {
  const start = performance.now();
  const created = await call('POST', '/vps', newVps({ name, password: PASSWORD }));
  const { id, public_ip } = created.body.instance;
  await banner(public_ip);
  const seconds = (performance.now() - start) / 1000;
  // Deleted before the next round, so that every round runs on the same host.
  await waitForStatus(call, id, 'running');
  await call('POST', `/vps/${id}/stop`);
  await call('DELETE', `/vps/${id}`);
  await waitFor('404', async () => (await call('GET', `/vps/${id}`)).status === 404, 60);
  return seconds;
}

async function createRaw(incus: IncusClient, tenant: RawTenant): Promise<number> {
  const installId = fromTestRun('DANUBE_TEST_INSTALL_ID');
  const body = creationBody(await rawSpec(tenant), {
    installId,
    pool: fromTestRun('DANUBE_TEST_INCUS_POOL'),
    hostVcpu: 2,
  });
  const query = { project: projectName(installId, tenant.ref.teamId) };
  const start = performance.now();
  await incus.request('POST', '/1.0/instances', body as object, { query });
  await banner(tenant.addresses.ipv4!);
  const seconds = (performance.now() - start) / 1000;
  const path = `/1.0/instances/${tenant.ref.name}`;
  await incus.request('PUT', `${path}/state`, { action: 'stop', force: true }, { query });
  await incus.request('DELETE', path, undefined, { query });
  return seconds;
}

async function rawSpec({ ref, network, addresses }: RawTenant): Promise<InstanceSpec> {
  const hostname = ref.name;
  return {
    ref,
    image: 'debian-12',
    limits: { vcpu: 2, memoryMb: 2048, diskGb: 40 },
    network,
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

/** Resolves when the address's SSH server has sent its banner. */
async function banner(address: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await trySsh(address))) {
    if (Date.now() > deadline) throw new Error(`No SSH at ${address}.`);
    await delay(20);
  }
}

function trySsh(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port: 22, timeout: 500 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
    socket.once('close', () => end(false));
  });
}
