import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { DataPlane } from '../../../src/dataplane/contract/data-plane.ts';
import { createLog } from '../../../src/lib/log.ts';
import { type RunResult, run } from '../../../src/lib/run.ts';
import { type Call, clientOf, newCache, newDatabase, newVps } from '../../client.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../../harness.ts';
import { createTestIncus } from '../../incus.ts';
import { sample } from '../../seed.ts';
import { slice } from '../../slice.ts';
import { incus } from '../service.ts';

/** Seconds; the first instance of each engine waits for its image to be built. */
const PATIENCE = 2400;
const ENGINE = '"$(cat /run/danube/engine.pid)"';

interface Report {
  verdict: string;
  findings: { code: string; summary: string }[];
  status: { health: string };
}

/** Instances in every condition that can be made, and what the API says of them. */
describe('diagnosis on Incus', { timeout: 4_800_000 }, () => {
  let test: TestApp;
  let plane: DataPlane;
  let call: Call;
  let folder: string;
  const ids = new Map<string, string>();

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-diagnosis-'));
    plane = createTestIncus(createLog('silent'));
    test = await startTestApp({ plane, pools: slice.pools });
    await test.database.pool.query(`alter table teams alter column id restart with ${slice.firstTeam}`);
    call = clientOf(test.app.url!, (await createTeam(test.database)).token);
    const [cache] = sample(['redis', 'valkey'], 1);
    const [mysql] = sample(['mysql', 'mariadb'], 1);
    await Promise.all([
      create('cache', cache!, newCache({ provider: cache, version: null })),
      create('database', 'postgresql', newDatabase({ version: null })),
      create('database', mysql!, newDatabase({ name: 'other', provider: mysql, version: null })),
      create('vps', 'server', newVps({ resource_profile: 'pico_shared' })),
    ]);
  });
  after(async () => {
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    for (const ref of await plane.listVolumes()) await plane.removeVolume(ref);
    await plane.removeTenant(slice.firstTeam);
    await test?.close();
    await rm(folder, { recursive: true });
  });

  /** One instance of each of these is shared by all tests. */
  const KINDS = ['cache', 'database', 'mysql', 'vps'] as const;
  type Subject = (typeof KINDS)[number];
  const kindOf = (subject: Subject): string => (subject === 'mysql' ? 'database' : subject);

  async function create(kind: string, engine: string, body: object): Promise<void> {
    const created = await call('POST', `/${kind}`, body);
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const subject = engine === 'mysql' || engine === 'mariadb' ? 'mysql' : kind;
    ids.set(subject, created.body.instance.id);
    await running(subject as Subject);
  }

  const running = (subject: Subject) =>
    waitFor(
      `the ${subject} to run`,
      async () => {
        const { instance } = (await call('GET', pathOf(subject))).body;
        assert.notEqual(instance.status, 'error', JSON.stringify(instance.status_details));
        return instance.status === 'running';
      },
      PATIENCE,
    );

  const pathOf = (subject: Subject): string => `/${kindOf(subject)}/${ids.get(subject)}`;
  const refOf = (subject: Subject) => ({
    teamId: slice.firstTeam,
    name: `${kindOf(subject)}-${ids.get(subject)}`,
  });

  const inside = (subject: Subject, script: string): Promise<RunResult> => {
    const ref = refOf(subject);
    return incus(folder, ref, ['exec', ref.name, '--', 'sh', '-c', script], { allow: 'any' });
  };

  const diagnose = async (subject: Subject): Promise<Report> =>
    (await call('GET', `${pathOf(subject)}/diagnose`)).body.data;

  /** Until the diagnosis has this finding, of whatever else there is; and what it says then. */
  const finds = (subject: Subject, code: string): Promise<Report['findings'][number]> => {
    let last: Report | null = null;
    return waitFor(`${code} of the ${subject}`, async () => {
      last = await diagnose(subject);
      return last.findings.find((finding) => finding.code === code);
    }).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(last?.findings)}`);
    }) as Promise<Report['findings'][number]>;
  };

  /** Until it is well: but for processes that were killed, which are counted until the next start. */
  const well = (subject: Subject) =>
    waitFor(`the ${subject} to be well`, async () => {
      const { findings, status } = await diagnose(subject);
      return status.health === 'healthy' && findings.every(({ code }) => code === 'out_of_memory');
    });

  /** Until what is shown without a question says so, too. */
  async function shows(subject: Subject, health: string): Promise<void> {
    await waitFor(`the ${subject} to be shown as ${health}`, async () => {
      await test.database.pool.query('update managed_services set engine_checked_at = null');
      return (await call('GET', pathOf(subject))).body.instance.status_details.health === health;
    });
  }

  const login = async (subject: Subject) => (await call('GET', `${pathOf(subject)}/credentials`)).body;

  async function redis(...args: string[]): Promise<RunResult> {
    const { host, password } = await login('cache');
    const env = { ...process.env, REDISCLI_AUTH: password };
    return run('redis-cli', ['-h', host, '-p', '6379', ...args], { env, allow: 'any', timeoutSeconds: 600 });
  }

  async function sql(subject: 'database' | 'mysql', statement: string): Promise<void> {
    const { host, username, password, connection_info } = await login(subject);
    const options = { env: { ...process.env, MYSQL_PWD: password } };
    const mysql = ['-h', host, '-u', username, '--ssl', '--skip-ssl-verify-server-cert', '-e', statement];
    if (subject === 'mysql') await run('mariadb', mysql, options);
    else await run('psql', ['-XAtq', connection_info, '-c', statement]);
  }

  /** Holds connections to a port until `work` has ended: more than it lets in. */
  async function crowded(
    address: string,
    port: number,
    count: number,
    work: () => Promise<void>,
  ): Promise<void> {
    const sockets = new Set<Socket>();
    const fill = (): void => {
      while (sockets.size < count) {
        const socket = createConnection(port, address);
        sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      }
    };
    const filling = setInterval(fill, 200);
    try {
      fill();
      await work();
    } finally {
      clearInterval(filling);
      for (const socket of sockets) socket.destroy();
    }
  }

  it('finds nothing in what is well', async () => {
    for (const subject of KINDS) await well(subject);
    await shows('cache', 'healthy');
  });

  it('tells a cache that a script holds, at once and where it is shown', async () => {
    const forever = redis('EVAL', 'while true do end', '0');
    const { summary } = await finds('cache', 'engine_busy');
    assert.match(summary, /script/);
    await shows('cache', 'unhealthy');
    assert.equal((await diagnose('cache')).verdict, 'unhealthy');
    assert.equal((await redis('SCRIPT', 'KILL')).stdout.trim(), 'OK');
    await forever;
    await well('cache');
    await shows('cache', 'healthy');
  });

  for (const subject of ['cache', 'database', 'mysql'] as const) {
    it(`tells a paused engine and one that has ended: ${subject}`, async () => {
      await inside(subject, `kill -STOP ${ENGINE}`);
      await finds(subject, 'engine_paused');
      if (subject === 'database') await shows(subject, 'unhealthy');
      await inside(subject, `kill -CONT ${ENGINE}`);
      await well(subject);
      // Nobody starts it again while the supervisor is paused. That of the database is killed below.
      if (subject === 'database') return;
      const supervisor = 'pkill -$SIGNAL -f "^/bin/sh /usr/lib/danube/supervis[e]"';
      await inside(subject, `SIGNAL=STOP; ${supervisor}; kill -KILL ${ENGINE}`);
      await finds(subject, 'engine_down');
      await inside(subject, `SIGNAL=CONT; ${supervisor}`);
      await well(subject);
    });
  }

  it('tells recovery after a crash', async () => {
    await sql(
      'database',
      'create table big as select n, repeat(md5(n::text), 20) from generate_series(1, 300000) n',
    );
    // The session that recovers is caught in the middle of it; not for ever, where it is too fast.
    const caught = `-f -- 'postgres.* --singl[e]'`;
    await inside(
      'database',
      `kill -KILL ${ENGINE}; for i in $(seq 3000); do pkill -STOP ${caught} && break; done`,
    );
    await finds('database', 'engine_recovering');
    await shows('database', 'progressing');
    await inside('database', `pkill -CONT ${caught}`);
    await well('database');
  });

  it('tells that all connections are taken, and by whom', async () => {
    const cache = (await login('cache')).host;
    await crowded(cache, 6379, 300, async () => {
      await finds('cache', 'connection_limit');
    });
    await well('cache');
    const { connection_info, host, username, password } = await login('database');
    const psql = Array.from({ length: 60 }, () =>
      run('psql', ['-Xq', connection_info, '-c', 'select pg_sleep(600)']),
    );
    const ended = Promise.allSettled(psql);
    try {
      assert.match((await finds('database', 'connection_limit')).summary, /Most are held by danube from 1/);
      // The platform has connections of its own, so that the owner can change settings all the same.
      const changed = await call('PUT', pathOf('database'), { configuration: { work_mem: '5MB' } });
      assert.equal(changed.status, 200, JSON.stringify(changed.body));
      await running('database');
      const { data } = (await call('GET', `/operations/${changed.body.operation_id}`)).body;
      assert.equal(data.state, 'succeeded', JSON.stringify(data));
    } finally {
      await inside(
        'database',
        `/usr/lib/danube/engine/sql -c "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'danube'"`,
      );
      await ended;
    }
    await well('database');
    assert.ok(host && username && password);
  });

  it('tells a password that was changed with SQL', async () => {
    await sql('database', `alter role danube password 'another'`);
    await finds('database', 'password_changed');
    await inside('database', '/usr/lib/danube/control reload');
    // By name: of current_user(), MariaDB takes the statement and changes nothing.
    await sql('mysql', `alter user danube identified by 'Another-1'`);
    await finds('mysql', 'password_changed');
    await inside('mysql', '/usr/lib/danube/control reload');
    await well('database');
    await well('mysql');
  });

  it('tells a full disk', async () => {
    // Until the volume refuses.
    await inside('cache', 'head -c 3G /dev/zero >/data/ballast; sync');
    await finds('cache', 'disk_full');
    await shows('cache', 'unhealthy');
    await inside('cache', 'rm /data/ballast; sync');
    await well('cache');
  });

  it('tells that memory ran out', async () => {
    for (const subject of ['cache', 'vps'] as const) {
      // Reads a line that never ends.
      await inside(subject, 'echo 1000 >/proc/self/oom_score_adj; tail /dev/zero');
      await finds(subject, 'out_of_memory');
    }
  });

  it('tells a network that is cut', async () => {
    for (const subject of ['database', 'vps'] as const) {
      await inside(subject, 'ip link set eth0 down');
      await finds(subject, 'network_down');
      await inside(subject, 'ip link set eth0 up');
    }
    await waitFor('the network', async () =>
      (await diagnose('database')).findings.every(({ code }) => code !== 'network_down'),
    );
  });

  it('tells a machine that has stopped', async () => {
    for (const subject of ['mysql', 'vps'] as const) {
      const ref = refOf(subject);
      await incus(folder, ref, ['stop', '--force', ref.name]);
      await waitFor(`the ${subject} to be down`, async () => {
        const { verdict, findings } = await diagnose(subject);
        return verdict === 'stopped' || findings.some(({ code }) => code === 'instance_stopped');
      });
    }
  });
});
