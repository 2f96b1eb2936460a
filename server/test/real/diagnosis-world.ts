import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DataPlane } from '../../src/dataplane/contract/data-plane.ts';
import { createLog } from '../../src/lib/log.ts';
import { type RunResult, run } from '../../src/lib/run.ts';
import { type Call, clientOf, newCache, newDatabase, newVps } from '../client.ts';
import { customerOf } from '../customer.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../harness.ts';
import { createTestIncus } from '../incus.ts';
import { sample } from '../seed.ts';
import { slice } from '../slice.ts';
import { incus } from './service.ts';

/** Seconds; the first instance of each engine waits for its image to be built. */
const PATIENCE = 2400;

/** Processes that were killed are counted until the next start, and starts for some minutes. */
const PAST = new Set(['out_of_memory', 'restart_loop']);

/** One instance of each of these is shared by all conditions. `mysql` is a MySQL or a MariaDB. */
export const SUBJECTS = ['cache', 'database', 'mysql', 'vps'] as const;
export type Subject = (typeof SUBJECTS)[number];

export interface Report {
  verdict: string;
  findings: { code: string; summary: string }[];
  status: { health: string };
}

/** What a customer sends to the engine of an instance. */
export interface Login {
  host: string;
  username: string;
  password: string;
  connection_info: string;
}

/** A server with one instance of each subject, and what its customer and the guests' root can do. */
export class DiagnosisWorld {
  plane!: DataPlane;
  #test!: TestApp;
  #call!: Call;
  #folder!: string;
  readonly #ids = new Map<Subject, string>();

  async open(): Promise<void> {
    this.#folder = await mkdtemp(path.join(os.tmpdir(), 'danube-diagnosis-'));
    this.plane = createTestIncus(createLog('silent'));
    this.#test = await startTestApp({ plane: this.plane, pools: slice.pools });
    await this.#test.database.pool.query(`alter table teams alter column id restart with ${slice.firstTeam}`);
    this.#call = clientOf(this.#test.app.url!, (await createTeam(this.#test.database)).token);
    const [cache] = sample(['redis', 'valkey'], 1);
    const [mysql] = sample(['mysql', 'mariadb'], 1);
    await Promise.all([
      this.#create('cache', newCache({ provider: cache, version: null })),
      this.#create('database', newDatabase({ version: null })),
      this.#create('mysql', newDatabase({ name: 'other', provider: mysql, version: null })),
      this.#create('vps', newVps({ resource_profile: 'pico_shared' })),
    ]);
  }

  async close(): Promise<void> {
    for (const { ref } of await this.plane.listInstances()) await this.plane.removeInstance(ref);
    for (const ref of await this.plane.listVolumes()) await this.plane.removeVolume(ref);
    await this.plane.removeTenant(slice.firstTeam);
    await this.#test?.close();
    await rm(this.#folder, { recursive: true });
  }

  async #create(subject: Subject, body: object): Promise<void> {
    const created = await this.#call('POST', `/${kindOf(subject)}`, body);
    assert.equal(created.status, 201, JSON.stringify(created.body));
    this.#ids.set(subject, created.body.instance.id);
    await waitFor(
      `the ${subject} to run`,
      async () => {
        const instance = await this.#show(subject);
        assert.notEqual(instance.status, 'error', JSON.stringify(instance.status_details));
        return instance.status === 'running';
      },
      PATIENCE,
    );
  }

  /** Changes parameters of a running engine, as its owner does. */
  async configure(subject: Subject, configuration: Record<string, string>): Promise<void> {
    await customerOf(this.#call).succeeds(this.#call('PUT', this.#path(subject), { configuration }));
  }

  #path = (subject: Subject): string => `/${kindOf(subject)}/${this.#ids.get(subject)}`;

  async #show(subject: Subject) {
    return (await this.#call('GET', this.#path(subject))).body.instance;
  }

  refOf(subject: Subject) {
    return { teamId: slice.firstTeam, name: `${kindOf(subject)}-${this.#ids.get(subject)}` };
  }

  /** Runs a script in the instance as root; rejects for no status. */
  inside(subject: Subject, script: string): Promise<RunResult> {
    const ref = this.refOf(subject);
    return incus(this.#folder, ref, ['exec', ref.name, '--', 'sh', '-c', script], { allow: 'any' });
  }

  /** Ends the machine as a power failure does. */
  async kill(subject: Subject): Promise<void> {
    const ref = this.refOf(subject);
    await incus(this.#folder, ref, ['stop', '--force', ref.name]);
  }

  async diagnose(subject: Subject): Promise<Report> {
    return (await this.#call('GET', `${this.#path(subject)}/diagnose`)).body.data;
  }

  /** Until the diagnosis has this finding, of whatever else there is; returns its summary and the verdict. */
  async finds(subject: Subject, code: string): Promise<{ summary: string; verdict: string }> {
    let last: Report | null = null;
    try {
      return await waitFor(`${code} of the ${subject}`, async () => {
        last = await this.diagnose(subject);
        const { findings, verdict } = last;
        const found = findings.find((finding) => finding.code === code);
        return found && { summary: found.summary, verdict };
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${JSON.stringify((last as Report | null)?.findings)}`);
    }
  }

  /** Until it is well, whatever is still said of the past. */
  async well(subject: Subject): Promise<void> {
    await waitFor(`the ${subject} to be well`, async () => {
      const { findings, status } = await this.diagnose(subject);
      return status.health === 'healthy' && findings.every(({ code }) => PAST.has(code));
    });
  }

  /** Until what is shown without a question says so, too. */
  async shows(subject: Subject, health: string): Promise<void> {
    await waitFor(`the ${subject} to be shown as ${health}`, async () => {
      await this.#test.database.pool.query('update managed_services set engine_checked_at = null');
      return (await this.#show(subject)).status_details.health === health;
    });
  }

  async login(subject: Subject): Promise<Login> {
    return (await this.#call('GET', `${this.#path(subject)}/credentials`)).body;
  }

  async redis(...args: string[]): Promise<RunResult> {
    const { host, password } = await this.login('cache');
    const env = { ...process.env, REDISCLI_AUTH: password };
    return run('redis-cli', ['-h', host, '-p', '6379', ...args], { env, allow: 'any', timeoutSeconds: 600 });
  }

  async sql(subject: 'database' | 'mysql', statement: string): Promise<void> {
    const { host, username, password, connection_info } = await this.login(subject);
    const options = { env: { ...process.env, MYSQL_PWD: password } };
    const mysql = ['-h', host, '-u', username, '--ssl', '--skip-ssl-verify-server-cert', '-e', statement];
    if (subject === 'mysql') await run('mariadb', mysql, options);
    else await run('psql', ['-XAtq', connection_info, '-c', statement]);
  }
}

const kindOf = (subject: Subject): string => (subject === 'mysql' ? 'database' : subject);
