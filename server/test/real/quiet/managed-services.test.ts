import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { DataPlane } from '../../../src/dataplane/contract/data-plane.ts';
import { createLog } from '../../../src/lib/log.ts';
import { type RunResult, run } from '../../../src/lib/run.ts';
import { type Call, newCache, newDatabase } from '../../client.ts';
import { type Crashable, createCrashable, findInconsistencies } from '../../faults.ts';
import { waitFor } from '../../harness.ts';
import { createTestIncus, incusEnvironment } from '../../incus.ts';
import type { ServerProcess } from '../../processes.ts';
import { EXHAUSTIVE } from '../../seed.ts';
import { tellingsOf } from '../../told.ts';
import { type Sink, startSink } from '../../webhook-sink.ts';

/** In seconds. The first instance of each engine waits for its image to be built. */
const PATIENCE = 2400;

interface Credentials {
  host: string;
  port: number;
  username: string;
  password: string;
  database?: string | null;
  connection_info: string;
}

/** Creates real instances through the API, and queries them with the clients that Debian ships. */
describe('databases and caches on Incus', { timeout: 4_800_000 }, () => {
  let test: Crashable;
  let server: ServerProcess;
  let plane: DataPlane;
  let call: Call;
  let folder: string;
  let caFile: string;
  let sink: Sink;

  before(async () => {
    plane = createTestIncus(createLog('silent'));
    sink = await startSink();
    test = await createCrashable({
      environment: { DANUBE_ENGINE: 'incus', DANUBE_WEBHOOK_TARGETS: 'any', ...incusEnvironment() },
    });
    server = await test.start();
    call = test.client(server);
    await call('PUT', '/webhooks/config', { webhook_url: sink.url });
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-clients-'));
    caFile = path.join(folder, 'ca.pem');
    await writeFile(caFile, (await call('GET', '/certificate-authority')).body.certificate);
    await test.database.pool.query(`update teams set quotas = '{"database": 50, "cache": 50}'`);
  });
  after(async () => {
    await test?.close();
    await sink?.close();
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    await plane.removeTenant(test.team.teamId);
    await plane.close();
    await rm(folder, { recursive: true });
  });

  const assertTold = (kind: string, id: string, what: readonly string[], maybe = '') =>
    tellingsOf(call, sink, PATIENCE).assertTold(
      id,
      what.map((one) => `${kind}.${one}`),
      `${kind}.${maybe}`,
    );

  const settled = (kind: string, id: string, status: string) =>
    waitFor(
      `the ${kind} to be ${status}`,
      async () => {
        const answer = await call('GET', `/${kind}/${id}`);
        const now = answer.status === 404 ? 'gone' : answer.body.instance.status;
        assert.ok(
          now !== 'error' || status === 'error',
          JSON.stringify(answer.body.instance?.status_details),
        );
        return now === status;
      },
      PATIENCE,
    );

  async function create(kind: 'database' | 'cache', changes: Record<string, unknown>): Promise<string> {
    const body =
      kind === 'database'
        ? newDatabase({ version: null, ...changes })
        : newCache({ version: null, ...changes });
    const created = await call('POST', `/${kind}`, body);
    assert.equal(created.status, 201, JSON.stringify(created.body));
    return created.body.instance.id;
  }

  const credentials = async (kind: string, id: string): Promise<Credentials> =>
    (await call('GET', `/${kind}/${id}/credentials`)).body;

  /** Runs a query with the engine's own client, which verifies the server's certificate. */
  async function query(kind: string, id: string, text: string): Promise<RunResult> {
    const login = await credentials(kind, id);
    const { provider } = (await call('GET', `/${kind}/${id}`)).body.instance;
    const options = { allow: 'any', timeoutSeconds: 600 } as const;
    if (provider.type === 'postgresql') {
      const uri = login.connection_info.replace('sslmode=require', 'sslmode=verify-full');
      return run('psql', ['-XAtq', uri, '-c', text], {
        ...options,
        env: { ...process.env, PGSSLROOTCERT: caFile },
      });
    }
    const to = ['-h', login.host];
    if (kind === 'database') {
      const tls = ['--ssl', `--ssl-ca=${caFile}`, '--ssl-verify-server-cert'];
      return run('mariadb', [...to, '-u', login.username, ...tls, '-NBe', text, login.database ?? ''], {
        ...options,
        env: { ...process.env, MYSQL_PWD: login.password },
      });
    }
    // The client gets the URI unchanged; it contains the account and the password.
    return run(
      'redis-cli',
      ['-u', login.connection_info, '--cacert', caFile, '--no-auth-warning', ...text.split(' ')],
      options,
    );
  }

  const PING: Record<string, [text: string, answer: string]> = {
    postgresql: ['select 40 + 2', '42'],
    mysql: ['select 40 + 2', '42'],
    mariadb: ['select 40 + 2', '42'],
    redis: ['PING', 'PONG'],
    valkey: ['PING', 'PONG'],
  };

  const AT_ONCE = EXHAUSTIVE ? 20 : 10;
  it(`runs ${AT_ONCE} of all engines and versions that are asked for at once, each within its limits`, async () => {
    const offers = await Promise.all(
      (['database', 'cache'] as const).map(async (kind) =>
        (await call('GET', `/${kind}/plans`)).body.providers.flatMap(
          ({ type, versions }: { type: string; versions: string[] }) =>
            versions.map((version) => ({ kind, provider: type, version })),
        ),
      ),
    );
    const kinds: { kind: 'database' | 'cache'; provider: string; version: string }[] = offers.flat();
    const count = Math.max(AT_ONCE, kinds.length);
    const wanted = Array.from({ length: count }, (_, index) => kinds[index % kinds.length]!);
    const ids = await Promise.all(
      wanted.map(({ kind, ...engineOf }, index) => create(kind, { name: `all-${index}`, ...engineOf })),
    );
    await Promise.all(wanted.map(({ kind }, index) => settled(kind, ids[index]!, 'running')));
    for (const [index, { kind, provider, version }] of wanted.entries()) {
      const id = ids[index]!;
      const [text, expected] = PING[provider]!;
      const answer = await query(kind, id, text);
      assert.equal(answer.stdout.trim(), expected, `${provider} ${version}: ${answer.stderr}`);
      const { body: tried } = await call('POST', `/${kind}/${id}/test-connection`);
      assert.ok(tried.data?.ok, `${provider} ${version}: ${JSON.stringify(tried)}`);
      const { memory_size_mb, cpu_cores } = (await call('GET', `/${kind}/${id}`)).body.instance;
      const ref = { teamId: test.team.teamId, name: `${kind}-${id}` };
      const detail = await plane.describeInstance(ref);
      assert.deepEqual([detail?.limits.vcpu, detail?.limits.memoryMb], [cpu_cores, memory_size_mb]);
      const usage = await plane.describeUsage(ref);
      assert.ok(
        usage!.memoryBytes! > 0 && usage!.memoryBytes! <= memory_size_mb * 1024 ** 2,
        `${provider} memory`,
      );
    }
    assert.deepEqual(await findInconsistencies(test.database, plane), []);
    for (const [index, { kind }] of wanted.entries()) {
      await call('POST', `/${kind}/${ids[index]}/force-stop`);
      await call('DELETE', `/${kind}/${ids[index]}`);
    }
    await Promise.all(wanted.map(({ kind }, index) => settled(kind, ids[index]!, 'gone')));
    assert.deepEqual(await findInconsistencies(test.database, plane), []);
  });

  it('finishes a creation when the server is killed in the middle of it', async () => {
    const id = await create('cache', { name: 'killed', provider: 'valkey' });
    await waitFor(
      'an instance in Incus',
      async () => (await plane.listInstances()).some(({ ref }) => ref.name.includes(id)),
      PATIENCE,
    );
    server.child.kill('SIGKILL');
    await server.ended;
    server = await test.start();
    call = test.client(server);
    await settled('cache', id, 'running');
    assert.equal((await query('cache', id, 'PING')).stdout.trim(), 'PONG');
    await assertTold('cache', id, ['requested', 'created']);
  });

  describe('with instances of their own', { concurrency: 2 }, () => {
    it('keeps data over stop and start, a change of plan, and a lost instance', async () => {
      const database = await create('database', { provider: 'postgresql', version: '15' });
      const cache = await create('cache', { provider: 'valkey' });
      await Promise.all([settled('database', database, 'running'), settled('cache', cache, 'running')]);
      const write = await query('database', database, 'create table kept as select 7 as n');
      assert.equal(write.status, 0, write.stderr);
      assert.equal((await query('cache', cache, 'SET kept 7')).stdout.trim(), 'OK');
      const kept = async () => {
        assert.equal((await query('database', database, 'select n from kept')).stdout.trim(), '7');
        assert.equal((await query('cache', cache, 'GET kept')).stdout.trim(), '7');
      };
      const both = async (work: (kind: string, id: string) => Promise<unknown>) => {
        await work('database', database);
        await work('cache', cache);
      };
      const bothRunning = () => both((kind, id) => settled(kind, id, 'running'));

      await both((kind, id) => call('POST', `/${kind}/${id}/stop`));
      await both((kind, id) => settled(kind, id, 'stopped'));
      await both((kind, id) => call('POST', `/${kind}/${id}/start`));
      await bothRunning();
      await kept();

      await both((kind, id) => call('PUT', `/${kind}/${id}`, { resource_profile: 'small' }));
      await bothRunning();
      await kept();
      assert.equal((await query('database', database, 'show shared_buffers')).stdout.trim(), '512MB');

      // Someone deletes the container. The volume remains, as it does if only the system disk fails.
      await both(async (kind, id) => {
        const ref = { teamId: test.team.teamId, name: `${kind}-${id}` };
        await plane.ensureStopped(ref, 0);
        await deleteContainer(ref.name);
        await waitFor(
          'the loss to show',
          async () => (await call('GET', `/${kind}/${id}`)).body.instance.status === 'error',
        );
        assert.equal((await call('POST', `/${kind}/${id}/start`)).status, 200);
      });
      await bothRunning();
      await kept();

      const life = ['created', 'stopped', 'started', 'updated', 'missing', 'started'];
      await both(async (kind, id) => {
        const told = life.flatMap((what) => (what === 'missing' ? [what] : ['requested', what]));
        // Somebody may look between its stop and its loss.
        await assertTold(kind, id, told, 'stopped_from_inside');
      });
    });

    it('says quickly that an engine cannot start with its parameters, and runs once they are mended', async () => {
      const id = await create('database', { provider: 'postgresql', version: '15' });
      await settled('database', id, 'running');
      // A value that needs more memory than there is, which requests refuse.
      await test.database.pool.query(
        `update managed_services set effective_parameters = '{"shared_buffers": "100GB"}' where id = $1`,
        [id],
      );
      await call('POST', `/database/${id}/stop`);
      const { operation_id } = (await call('POST', `/database/${id}/start`)).body;
      const failed = await waitFor(
        'the start to fail',
        async () => {
          const { data } = (await call('GET', `/operations/${operation_id}?wait=60`)).body;
          return data.terminal && data;
        },
        PATIENCE,
      );
      assert.match(failed.error.message, /ends again right after each start/);
      const { findings } = (await call('GET', `/database/${id}/diagnose`)).body.data;
      assert.ok(findings.some(({ code }: { code: string }) => code === 'restart_loop'));
      const { entries } = (await call('GET', `/database/${id}/logs?level=error`)).body.data;
      assert.ok(entries.length > 0);
      assert.equal((await call('PUT', `/database/${id}`, { configuration: {} })).status, 200);
      await call('POST', `/database/${id}/start`);
      await settled('database', id, 'running');
    });
  });

  /** Deletes it with Incus' own client, as an operator might. */
  async function deleteContainer(name: string): Promise<void> {
    const environment = incusEnvironment();
    const project = `danube-${environment.DANUBE_TEST_INSTALL_ID}-${test.team.teamId}`;
    await run('incus', ['--project', project, 'delete', name], {
      env: { ...process.env, INCUS_CONF: folder, INCUS_SOCKET: environment.DANUBE_TEST_INCUS_SOCKET },
    });
  }
});
