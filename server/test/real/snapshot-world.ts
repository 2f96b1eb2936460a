import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DataPlane } from '../../src/dataplane/contract/data-plane.ts';
import { createLog } from '../../src/lib/log.ts';
import { run } from '../../src/lib/run.ts';
import type { Call } from '../client.ts';
import { type Crashable, createCrashable } from '../faults.ts';
import { waitFor } from '../harness.ts';
import { createTestIncus, incusEnvironment } from '../incus.ts';
import type { ServerProcess } from '../processes.ts';
import { type Login, readBooks } from './transfers.ts';

/** In seconds. The first instance of each engine waits for its image to be built. */
const PATIENCE = 1800;

export type Kind = 'vps' | 'database' | 'cache';

/** A snapshot as the API shows it. */
// biome-ignore lint/suspicious/noExplicitAny: answers are what they are
type Snapshot = any;

/** A Danube server of its own on the run's Incus, with helpers for tests of snapshots, which act as a customer. */
export class SnapshotWorld {
  readonly plane: DataPlane;
  readonly test: Crashable;
  /** Contains an SSH key, `key`. */
  readonly folder: string;
  readonly caFile: string;
  call: Call;
  #server: ServerProcess;

  private constructor(test: Crashable, server: ServerProcess, folder: string) {
    this.plane = createTestIncus(createLog('silent'));
    this.test = test;
    this.#server = server;
    this.call = test.client(server);
    this.folder = folder;
    this.caFile = path.join(folder, 'ca.pem');
  }

  static async open(): Promise<SnapshotWorld> {
    const test = await createCrashable({ environment: { DANUBE_ENGINE: 'incus', ...incusEnvironment() } });
    const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-snapshots-'));
    const world = new SnapshotWorld(test, await test.start(), folder);
    await writeFile(world.caFile, (await world.call('GET', '/certificate-authority')).body.certificate);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'key')]);
    return world;
  }

  async close(): Promise<void> {
    await this.test.close();
    for (const { ref } of await this.plane.listInstances()) await this.plane.removeInstance(ref);
    await this.plane.removeTenant(this.test.team.teamId);
    await this.plane.close();
    await rm(this.folder, { recursive: true });
  }

  /** Runs a restore drill with the snapshot, and waits for its result. Returns the name of the temporary instance. */
  async drill(kind: Kind, id: number): Promise<string> {
    // A team can run only one drill at a time, and other kinds of instances are tested meanwhile.
    const asked = await waitFor(
      'its turn',
      async () => {
        const answer = await this.call('POST', `/snapshots/${kind}/${id}/verify`);
        return !/is being verified/.test(answer.body.message) && answer;
      },
      PATIENCE,
    );
    assert.equal(asked.status, 200, JSON.stringify(asked.body));
    const isVerified = async () => (await this.find(kind, id)).last_verified_at !== null;
    await waitFor('the drill', isVerified, PATIENCE);
    return `drill-${asked.body.operation_id}`;
  }

  /** Kills the control plane, and starts it again. */
  async killServer(): Promise<void> {
    this.#server.child.kill('SIGKILL');
    await this.#server.ended;
    this.#server = await this.test.start();
    this.call = this.test.client(this.#server);
  }

  async status(kind: Kind, id: string): Promise<string> {
    const answer = await this.call('GET', `/${kind}/${id}`);
    if (answer.status === 404) return 'gone';
    const { instance } = answer.body;
    assert.notEqual(instance.status, 'error', JSON.stringify(instance.status_details));
    return instance.status;
  }

  settled(kind: Kind, id: string, wanted: string): Promise<true> {
    const isSo = async () => (await this.status(kind, id)) === wanted;
    return waitFor(`the ${kind} to be ${wanted}`, isSo, PATIENCE);
  }

  async create(kind: Kind, body: object): Promise<string> {
    const created = await this.call('POST', `/${kind}`, body);
    assert.equal(created.status, 201, JSON.stringify(created.body));
    await this.settled(kind, created.body.instance.id, 'running');
    return created.body.instance.id;
  }

  async remove(kind: Kind, id: string): Promise<void> {
    await this.call('POST', `/${kind}/${id}/stop`);
    await this.settled(kind, id, 'stopped');
    assert.equal((await this.call('DELETE', `/${kind}/${id}`)).status, 200);
    await this.settled(kind, id, 'gone');
  }

  /** The snapshots of an instance, as the API shows them. */
  async listed(kind: Kind, instance: string): Promise<Snapshot[]> {
    const { data } = (await this.call('GET', `/snapshots/${kind}?per_page=100`)).body;
    return data.filter((one: Snapshot) => one[`${kind}_instance_id`] === instance);
  }

  async find(kind: Kind, id: number): Promise<Snapshot> {
    const { data } = (await this.call('GET', `/snapshots/${kind}?per_page=100`)).body;
    return data.find((one: Snapshot) => one.id === id);
  }

  async snapshot(kind: Kind, instance: string, name: string): Promise<number> {
    const taken = await this.call('POST', `/snapshots/${kind}`, { [`${kind}_instance_id`]: instance, name });
    assert.equal(taken.status, 201, JSON.stringify(taken.body));
    const { id } = taken.body.snapshot;
    await this.snapshotIs(kind, id, 'ready');
    return id;
  }

  snapshotIs(kind: Kind, id: number, wanted: string): Promise<true> {
    return waitFor(
      `the snapshot to be ${wanted}`,
      async () => {
        const found = await this.find(kind, id);
        assert.ok(found?.status === wanted || !/failed/.test(found?.status), JSON.stringify(found));
        return found?.status === wanted;
      },
      PATIENCE,
    );
  }

  async restore(kind: Kind, instance: string, id: number): Promise<void> {
    const answer = await this.call('POST', `/snapshots/${kind}/${id}/restore`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    await this.settled(kind, instance, 'running');
  }

  async clone(kind: 'database' | 'cache', id: number, name: string): Promise<string> {
    const body = { name, source_type: 'volume_snapshot' };
    const answer = await this.call('POST', `/snapshots/${kind}/${id}/clone`, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    await this.settled(kind, answer.body.instance.id, 'running');
    return answer.body.instance.id;
  }

  async login(kind: 'database' | 'cache', id: string): Promise<Login> {
    const { instance } = (await this.call('GET', `/${kind}/${id}`)).body;
    const { body } = await this.call('GET', `/${kind}/${id}/credentials`);
    return {
      provider: instance.provider.type,
      host: body.host,
      username: body.username,
      password: body.password,
      database: body.database ?? null,
      connectionInfo: body.connection_info,
      caFile: this.caFile,
    };
  }

  async assertWhole(of: Login, acknowledged: number[], what: string): Promise<void> {
    const books = await readBooks(of);
    assert.equal(books.sum, 0, `${what}: the sum of all accounts`);
    for (const [session, { last, count }] of books.sessions.entries()) {
      assert.equal(count, last, `${what}: a transfer of session ${session} is missing`);
      assert.ok(last >= acknowledged[session]!, `${what}: ${last} of ${acknowledged[session]} acknowledged`);
    }
  }
}
