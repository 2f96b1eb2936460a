/**
 * Snapshot, restore and clone of a PostgreSQL database of 1 GB through the API, against equivalent raw Incus calls for
 * an instance of the same image, data and plan. Medians over alternating rounds.
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceSpec } from '../server/src/dataplane/contract/compute.ts';
import type { DataPlane } from '../server/src/dataplane/contract/data-plane.ts';
import type { InstanceRef } from '../server/src/dataplane/contract/refs.ts';
import { IncusClient } from '../server/src/dataplane/incus/client.ts';
import { creationBody } from '../server/src/dataplane/incus/instance-config.ts';
import { projectName } from '../server/src/dataplane/incus/names.ts';
import { createNetworkReader } from '../server/src/instances/addresses.ts';
import { createSecretBox } from '../server/src/lib/crypto.ts';
import { createLog } from '../server/src/lib/log.ts';
import { run } from '../server/src/lib/run.ts';
import { createAuthorityReader } from '../server/src/resources/certificate-authority/authority.ts';
import { instanceSpec } from '../server/src/resources/managed-services/settings.ts';
import { getService } from '../server/src/resources/managed-services/store.ts';
import { type Call, clientOf, newDatabase } from '../server/test/client.ts';
import { startTestApp, TEST_POOLS, type TestApp } from '../server/test/harness.ts';
import { createTestIncus, fromTestRun } from '../server/test/incus.ts';
import { median, printRounds, type Row } from './report.ts';

const ROUNDS = 5;
/** A million rows of about a thousand incompressible bytes. */
const FILL = `create table filler as
  select number, (select string_agg(md5(number::text || part), '') from generate_series(1, 30) part)
  from generate_series(1, 1000000) number; checkpoint;`;
const PATIENCE = 600;

export async function benchSnapshots(): Promise<Row[]> {
  const plane = createTestIncus(createLog('silent'));
  const pools = {
    ...TEST_POOLS,
    ipv4: fromTestRun('DANUBE_IPV4_POOL'),
    ipv6: fromTestRun('DANUBE_IPV6_POOL'),
  };
  const secretKey = randomBytes(32);
  const test = await startTestApp({ plane, pools, secretKey });
  const incus = new IncusClient({ socketPath: fromTestRun('DANUBE_TEST_INCUS_SOCKET') });
  try {
    const call = clientOf(test.app.url!, test.team.token);
    const database = await createFull(call);
    const raw = await RawDatabase.copy(incus, plane, await modelOf(test, secretKey, database));
    const ours = { snapshot: [], restore: [], clone: [] } as Record<Verb, number[]>;
    const floor = { snapshot: [], restore: [], clone: [] } as Record<Verb, number[]>;
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [verb, seconds] of Object.entries(await throughDanube(call, database))) {
        ours[verb as Verb].push(seconds);
      }
      for (const [verb, seconds] of Object.entries(await raw.round())) floor[verb as Verb].push(seconds);
    }
    await raw.remove();
    for (const verb of VERBS) printRounds(verb, { Danube: ours[verb], raw: floor[verb] });
    return VERBS.map((verb) => ({
      name: `${NAMES[verb]} of a PostgreSQL database of 1 GB`,
      ours: median(ours[verb]),
      floor: median(floor[verb]),
      floorName: 'raw Incus calls',
      unit: 's',
      aim: verb === 'snapshot' ? '≤ 2' : '≤ 1.2',
    }));
  } finally {
    await incus.close();
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    await plane.removeTenant(test.team.teamId);
    await test.close();
  }
}

const VERBS = ['snapshot', 'restore', 'clone'] as const;
type Verb = (typeof VERBS)[number];
const NAMES: Record<Verb, string> = { snapshot: 'Snapshot', restore: 'Restore', clone: 'Clone' };

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function becomes(call: Call, id: string, status: string): Promise<void> {
  const deadline = Date.now() + PATIENCE * 1000;
  for (;;) {
    const answer = await call('GET', `/database/${id}`);
    const now = answer.status === 404 ? 'gone' : answer.body.instance.status;
    if (now === status) return;
    if (now === 'error' || Date.now() > deadline) throw new Error(`The database is ${now}, not ${status}.`);
    await delay(20);
  }
}

async function createFull(call: Call): Promise<string> {
  const body = newDatabase({ name: 'full', version: null, resource_profile: 'small' });
  const { id } = (await call('POST', '/database', body)).body.instance;
  await becomes(call, id, 'running');
  const login = (await call('GET', `/database/${id}/credentials`)).body;
  await run('psql', ['-XAtq', login.connection_info, '-c', FILL], { timeoutSeconds: PATIENCE });
  return id;
}

async function throughDanube(call: Call, database: string): Promise<Record<Verb, number>> {
  let snapshot = 0;
  const take = async () => {
    const body = { database_instance_id: database, name: 'bench' };
    snapshot = (await call('POST', '/snapshots/database', body)).body.snapshot.id;
    for (;;) {
      const { data } = (await call('GET', '/snapshots/database')).body;
      const found = data.find(({ id }: { id: number }) => id === snapshot);
      if (found.status === 'ready') return;
      if (found.status === 'failed') throw new Error('The snapshot failed.');
      await delay(20);
    }
  };
  const restore = async () => {
    await call('POST', `/snapshots/database/${snapshot}/restore`);
    await becomes(call, database, 'running');
  };
  let copy = '';
  const clone = async () => {
    const body = { name: 'copy', source_type: 'volume_snapshot' };
    copy = (await call('POST', `/snapshots/database/${snapshot}/clone`, body)).body.instance.id;
    await becomes(call, copy, 'running');
  };
  const seconds = { snapshot: await timed(take), restore: await timed(restore), clone: await timed(clone) };
  await call('POST', `/database/${copy}/force-stop`);
  await call('DELETE', `/database/${copy}`);
  await becomes(call, copy, 'gone');
  await call('DELETE', `/snapshots/database/${snapshot}`);
  return seconds;
}

interface Model {
  spec: InstanceSpec;
  volumeGb: number;
}

/** The spec for the raw side: the database's own, with other names and addresses. */
async function modelOf(test: TestApp, secretKey: Buffer, id: string): Promise<Model> {
  const { db } = test.database;
  const secrets = createSecretBox(secretKey);
  const row = await getService(db, id);
  const network = await createNetworkReader(db)(row.team_id);
  const authority = createAuthorityReader(test.database, secrets);
  const spec = await instanceSpec(row, network, { secrets, authority, publicAddress: null });
  return { spec, volumeGb: row.disk_gb };
}

/** The minimum of work in Incus: snapshots that belong to the volume, restored under an existing instance. */
class RawDatabase {
  readonly #incus: IncusClient;
  readonly #plane: DataPlane;
  readonly #spec: InstanceSpec;
  readonly #volumeGb: number;
  readonly #volumes = `/1.0/storage-pools/${fromTestRun('DANUBE_TEST_INCUS_POOL')}/volumes/custom`;

  private constructor(incus: IncusClient, plane: DataPlane, { spec, volumeGb }: Model) {
    this.#incus = incus;
    this.#plane = plane;
    this.#spec = spec;
    this.#volumeGb = volumeGb;
  }

  static async copy(incus: IncusClient, plane: DataPlane, model: Model): Promise<RawDatabase> {
    const raw = new RawDatabase(incus, plane, model);
    await raw.#make(model.spec.volumes[0]!.ref.name, 'raw', 200);
    return raw;
  }

  async round(): Promise<Record<Verb, number>> {
    const seconds = {
      snapshot: await timed(() => this.#call('POST', `${this.#volumes}/raw/snapshots`, { name: 'bench' })),
      restore: await timed(async () => {
        await this.#state('raw', { action: 'stop', timeout: 60 });
        await this.#call('PUT', `${this.#volumes}/raw`, { restore: 'bench' });
        await this.#state('raw', { action: 'start' });
        await this.#plane.waitForService(this.#ref('raw'), PATIENCE);
      }),
      clone: await timed(() => this.#make('raw/bench', 'raw-copy', 201)),
    };
    await this.#removeOne('raw-copy');
    await this.#call('DELETE', `${this.#volumes}/raw/snapshots/bench`);
    return seconds;
  }

  async remove(): Promise<void> {
    await this.#removeOne('raw');
  }

  async #make(source: string, name: string, host: number): Promise<void> {
    const installId = fromTestRun('DANUBE_TEST_INSTALL_ID');
    const pool = fromTestRun('DANUBE_TEST_INCUS_POOL');
    const ipv4 = this.#spec.addresses.ipv4!.replace(/\d+$/, String(host));
    const ref = this.#ref(name);
    const volumes = [{ ref, path: '/data' }];
    const spec = { ...this.#spec, ref, volumes, addresses: { ipv4, ipv6: null } };
    await this.#call('POST', this.#volumes, {
      name,
      content_type: 'filesystem',
      source: { type: 'copy', name: source, pool, volume_only: true },
      config: { size: `${this.#volumeGb}GiB`, 'security.shifted': 'true' },
    });
    const body = creationBody(spec, { installId, pool, hostVcpu: 2 }) as object;
    await this.#call('POST', '/1.0/instances', body);
    await this.#plane.ensureFiles(spec.ref, spec.files);
    await this.#plane.waitForService(spec.ref, PATIENCE);
  }

  async #removeOne(name: string): Promise<void> {
    await this.#state(name, { action: 'stop', force: true });
    await this.#call('DELETE', `/1.0/instances/${name}`);
    await this.#call('DELETE', `${this.#volumes}/${name}`);
  }

  #ref(name: string): InstanceRef {
    return { teamId: this.#spec.ref.teamId, name };
  }

  #state(name: string, state: object): Promise<unknown> {
    return this.#call('PUT', `/1.0/instances/${name}/state`, state);
  }

  #call(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<unknown> {
    const query = { project: projectName(fromTestRun('DANUBE_TEST_INSTALL_ID'), this.#spec.ref.teamId) };
    return this.#incus.request(method, path, body, { query });
  }
}
