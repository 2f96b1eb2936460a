/**
 * Reboot, reinstallation and restore of a VPS, from the request until it is `running` again, which means that root can log
 * in, against the raw Incus calls that do the same until the SSH server's banner. Medians over alternating rounds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceRef } from '../server/src/dataplane/contract/refs.ts';
import { IncusClient } from '../server/src/dataplane/incus/client.ts';
import {
  copyBody,
  creationBody,
  type IncusInstance,
  snapshotBody,
} from '../server/src/dataplane/incus/instance-config.ts';
import { projectName } from '../server/src/dataplane/incus/names.ts';
import { instanceRef } from '../server/src/instances/naming.ts';
import { getInstance } from '../server/src/instances/store.ts';
import { createLog } from '../server/src/lib/log.ts';
import { type Call, clientOf } from '../server/test/client.ts';
import { createSshClient } from '../server/test/contract/ssh-client.ts';
import { startTestApp, TEST_POOLS, waitFor } from '../server/test/harness.ts';
import { createTestIncus, fromTestRun } from '../server/test/incus.ts';
import { addKey, createVps, PLACE, rawSpec } from './create-real.ts';
import { openRawTenant, type RawTenant } from './raw-tenant.ts';
import { median, printRounds, type Row } from './report.ts';
import { banner } from './ssh-times.ts';

const ROUNDS = 5;
const VERBS = ['reboot', 'reinstall', 'restore'] as const;
type Verb = (typeof VERBS)[number];
const NAMES: Record<Verb, string> = { reboot: 'Reboot', reinstall: 'Reinstallation', restore: 'Restore' };

/** Each of the verbs, to the end, and `settle`: waits until the guest has nothing left to do after its boot. */
type Side = Record<Verb | 'settle', () => Promise<void>>;

export async function benchReboots(): Promise<Row[]> {
  const plane = createTestIncus(createLog('silent'));
  const pools = {
    ...TEST_POOLS,
    ipv4: fromTestRun('DANUBE_IPV4_POOL'),
    ipv6: fromTestRun('DANUBE_IPV6_POOL'),
  };
  const test = await startTestApp({ plane, pools });
  const incus = new IncusClient({ socketPath: fromTestRun('DANUBE_TEST_INCUS_SOCKET') });
  const ssh = await createSshClient();
  try {
    await plane.ensureImage('debian-12');
    const tenant = await openRawTenant(plane);
    const call = clientOf(test.app.url!, test.team.token);
    const settle = async (id: string): Promise<void> =>
      settled(incus, instanceRef(await getInstance(test.database.db, id)));
    const ours = await throughDanube(call, await addKey(call, ssh), settle);
    const raw = await throughIncus(incus, tenant);
    const rows: Row[] = [];
    for (const verb of VERBS) rows.push(await compare(verb, ours, raw));
    await raw.close();
    await tenant.close();
    return rows;
  } finally {
    ssh.close();
    await incus.close();
    for (const snapshot of await plane.listSnapshots()) await plane.removeSnapshot(snapshot);
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    await plane.removeTenant(test.team.teamId);
    await test.close();
  }
}

async function compare(verb: Verb, ours: Side, raw: Side): Promise<Row> {
  const [danube, floor]: number[][] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    // cloud-init runs on after the login: a shutdown waits for it, and the other side would have less of the processor.
    await raw.settle();
    await ours.settle();
    danube!.push(await timed(ours[verb]));
    await ours.settle();
    floor!.push(await timed(raw[verb]));
  }
  printRounds(verb, { Danube: danube!, raw: floor! });
  return {
    name: `${NAMES[verb]} of a VPS, to running`,
    ours: median(danube!),
    floor: median(floor!),
    floorName: 'raw Incus calls, to the banner',
    unit: 's',
    aim: '≤ 1 s',
  };
}

async function settled(incus: IncusClient, { teamId, name }: InstanceRef): Promise<void> {
  const query = { project: projectName(PLACE().installId, teamId) };
  const wait = ['systemctl', 'is-system-running', '--wait', '--quiet'];
  await incus.exec(`/1.0/instances/${name}`, wait, { query, timeoutSeconds: 300 });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function throughDanube(
  call: Call,
  login: Record<string, unknown>,
  settle: (id: string) => Promise<void>,
): Promise<Side> {
  const { id } = await createVps(call, { name: 'rebooted', ...login });
  const becomes = async (): Promise<void> => {
    for (;;) {
      const { status } = (await call('GET', `/vps/${id}/status`)).body;
      if (status === 'running') return;
      if (status === 'error') throw new Error('The server is in error.');
      await delay(20);
    }
  };
  await becomes();
  const made = await call('POST', '/snapshots/vps', { vps_instance_id: id, name: 'bench' });
  const snapshot = made.body.snapshot.id;
  await waitFor('the snapshot', async () => {
    const { data } = (await call('GET', '/snapshots/vps')).body;
    return data.find((each: { id: number }) => each.id === snapshot)?.status === 'ready';
  });
  const verb = (path: string, body?: unknown) => async (): Promise<void> => {
    const { status, body: said } = await call('POST', path, body);
    if (status !== 200) throw new Error(JSON.stringify(said));
    await becomes();
  };
  return {
    settle: () => settle(id),
    reboot: verb(`/vps/${id}/reboot`),
    reinstall: verb(`/vps/${id}/reinstall`, { image: 'debian-12', ...login }),
    restore: verb(`/snapshots/vps/${snapshot}/restore`),
  };
}

async function throughIncus(
  incus: IncusClient,
  tenant: RawTenant,
): Promise<Side & { close(): Promise<void> }> {
  const place = PLACE();
  const spec = await rawSpec(tenant, 0, 'debian-12');
  const options = { query: { project: projectName(place.installId, spec.ref.teamId) } };
  const path = `/1.0/instances/${spec.ref.name}`;
  const [kept, safety] = ['kept', 'safety'];
  const create = (body: unknown): Promise<unknown> => incus.request('POST', '/1.0/instances', body, options);
  const power = (change: object): Promise<unknown> => incus.request('PUT', `${path}/state`, change, options);
  const speaks = (): Promise<void> => banner(spec.addresses.ipv4!);
  const present = (): Promise<IncusInstance> => incus.get<IncusInstance>(path, options);
  await create(creationBody(spec, place));
  await speaks();
  await create(snapshotBody(kept!, await present()));
  const snapshot = await incus.get<IncusInstance>(`/1.0/instances/${kept}`, options);
  return {
    settle: () => settled(incus, spec.ref),
    reboot: async () => {
      await power({ action: 'restart', timeout: 30 });
      await speaks();
    },
    reinstall: async () => {
      await power({ action: 'stop', force: true });
      await incus.remove(path, options);
      await create(creationBody(spec, place));
      await speaks();
    },
    // With a copy of what was there, as Danube keeps one.
    restore: async () => {
      await power({ action: 'stop', timeout: 30 });
      await incus.remove(`/1.0/instances/${safety}`, options);
      await create(snapshotBody(safety!, await present()));
      await incus.remove(path, options);
      await create(copyBody(spec, place, snapshot, spec.limits.diskGb));
      await power({ action: 'start', timeout: 30 });
      await speaks();
    },
    close: async () => {
      for (const name of [kept, safety]) await incus.remove(`/1.0/instances/${name}`, options);
    },
  };
}
