import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RunResult } from '../../../src/lib/run.ts';
import { postgresql } from '../../../src/services/postgresql/provider.ts';
import type { EngineMetrics, EngineState, EngineVerification } from '../../../src/services/provider.ts';
import { waitFor } from '../../harness.ts';
import { sample } from '../../seed.ts';
import { volumeOf } from '../../volumes.ts';
import { testDumps } from '../postgresql-dumps.ts';
import { type Login, psql } from '../psql.ts';
import { openServices, type TestService, type TestServices } from '../service.ts';
import { testImage, testInitialData } from '../service-initial-data.ts';
import { testRotation } from '../service-passwords.ts';
import { ATTACKS, REFUSAL } from '../service-postgresql-attacks.ts';
import { testSnapshots } from '../service-snapshots.ts';

const PASSWORD = `it's "a" \\ $HOME :p %s`;
const PLAN = { vcpu: 1, memoryMb: 1024, diskGb: 1 };

/** The client's error if its server process has died. */
const LOST = /server closed the connection unexpectedly|connection to server was lost/;
/**
 * The client's error if the disk is full, possibly in the middle of a block. If the write-ahead log finds no room
 * either, the whole engine shuts down.
 */
const FULL = new RegExp(
  `No space left on device|Disk quota exceeded|wrote only \\d+ of \\d+ bytes|${LOST.source}`,
);

// Tests one version in most runs. The oldest and the newest together cover all differences.
for (const version of sample(['15', '18'], 1)) {
  /** Tests what a customer can do, from the host with Debian's own psql. */
  describe(`PostgreSQL ${version} on Incus`, { timeout: 2_400_000 }, () => {
    let services: TestServices;
    let service: TestService;

    before(async () => {
      services = await openServices();
      const parameters = {
        log_statement: 'all',
        default_transaction_read_only: 'off',
        cluster_name: `it's \\ me`,
      };
      const password = PASSWORD;
      service = await services.start(postgresql, version, { plan: PLAN, password, parameters });
    });
    after(() => services?.close());

    const attempt = (sql: string, login: Login = {}): Promise<RunResult> =>
      psql(sql, {
        address: service.address,
        caFile: services.caFile,
        password: service.settings.password,
        ...login,
      });
    async function query(sql: string, login: Login = {}): Promise<string> {
      const { status, stdout, stderr } = await attempt(sql, login);
      assert.equal(status, 0, `${sql}: ${stderr}`);
      return stdout.trim();
    }
    const control = (verb: 'reload' | 'restart' | 'logs' | 'metrics' | 'state' | 'verify') =>
      service.plane.control(service.spec.ref, verb);
    const state = async () => JSON.parse(await control('state')) as EngineState;
    const enginePid = async () => (await service.inside(['cat', '/run/danube/engine.pid'])).stdout.trim();
    const ready = () => service.plane.waitForService(service.spec.ref, 300);

    it('answers over TLS with its certificate and password, and to nobody else', async () => {
      assert.equal(await query('SELECT current_user, current_database()'), 'danube|shop');
      assert.match(
        await query('SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()'),
        /^TLSv1\.[23]$/,
      );
      const refused = async (login: Login, reason: RegExp) =>
        assert.match((await attempt('SELECT 1', login)).stderr, reason);
      await refused({ sslmode: 'disable' }, /no pg_hba.conf entry .* no encryption/);
      await refused({ password: 'wrong' }, /password authentication failed/);
      await refused({ user: 'danube_platform', database: 'postgres' }, /pg_hba.conf rejects connection/);
      await refused({ database: 'shop replication=true' }, /no pg_hba.conf entry for replication/);
      assert.equal(await query('SHOW cluster_name'), `it's \\ me`);
      assert.equal(await query('SHOW shared_buffers'), '256MB');
      assert.equal(
        await query(`SELECT string_agg(x, '' ORDER BY x) FROM unnest('{a,B,ä,b}'::text[]) x`),
        'Babä',
      );
    });

    it('knows zones by all their names', async () => {
      assert.equal(await query('SET TimeZone = "Asia/Calcutta"; SHOW TimeZone'), 'Asia/Calcutta');
      const parameters = await service.plane.imageParameters(service.spec.image);
      const zones = parameters?.find(({ name }) => name === 'TimeZone')?.values ?? [];
      assert.ok(zones.includes('US/Eastern') && zones.includes('Europe/Berlin'), `${zones.length} zones`);
    });

    it('lets its account administer databases, roles and extensions', async () => {
      await query('CREATE DATABASE second');
      await query(`CREATE ROLE reader LOGIN PASSWORD 'secret enough'; GRANT pg_read_all_data TO reader;`);
      await query('CREATE TABLE seen AS SELECT 1 AS x', { database: 'second' });
      const reader = { user: 'reader', password: 'secret enough', database: 'second' };
      assert.equal(await query('SELECT x FROM seen', reader), '1');
      await query('DROP DATABASE second; DROP ROLE reader;');
      await query('CREATE ROLE app');
      // Before version 16, who creates a role makes itself a member.
      if (version === '15') await query('GRANT app TO danube');
      await query('CREATE DATABASE of_app OWNER app');
      await query('DROP DATABASE of_app; DROP ROLE app;');
      const names = (await query('SELECT name FROM pg_available_extensions')).split('\n');
      assert.deepEqual(names.toSorted(), postgresql.extensionsOf!(version));
      for (const name of names) {
        await query(`BEGIN; CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE; ROLLBACK;`);
      }
      await query(
        `BEGIN; CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw; ROLLBACK;`,
      );
      await query('CREATE EXTENSION pg_stat_statements; SELECT count(*) FROM pg_stat_statements;');
      const dump = 'exec /usr/lib/postgresql/*/bin/pg_dumpall -h /run/postgresql -U danube_platform';
      const { stdout } = await service.inside(['sh', '-c', dump]);
      assert.match(stdout, /CREATE DATABASE shop/);
      assert.match(stdout, /PostgreSQL database cluster dump complete/);
    });

    testDumps(() => ({ service, version, query }));
    testImage(() => service);
    testInitialData(() => ({
      service,
      data: '/data/postgresql',
      adopt: 'postgres /usr/lib/danube/engine/complete',
      // With the nonce for refused logins.
      identity: `/usr/lib/postgresql/*/bin/pg_controldata "$1" | sed -n 's/^.* \\(system identifier\\|nonce\\): *//p' | paste -sd ' '`,
    }));

    for (const [goal, attacks] of Object.entries(ATTACKS)) {
      it(`does not lead to ${goal}`, async () => {
        for (const sql of attacks) {
          // Several statements run in a transaction, so that they leave nothing behind. Single ones do not, because
          // some refuse to run in a transaction.
          const { status, stderr, stdout } = await attempt(sql.includes(';') ? `BEGIN; ${sql}` : sql);
          assert.notEqual(status, 0, `${sql}: ${stdout}`);
          assert.match(stderr, REFUSAL, sql);
        }
        assert.equal(await query('SELECT usesuper FROM pg_user WHERE usename = current_user'), 'f');
      });
    }

    it('is not misled by what its customer made when it checks its data', async () => {
      const verify = async () => JSON.parse(await control('verify')) as EngineVerification;
      const before = await verify();
      assert.ok(before.ok, JSON.stringify(before));
      await query(
        `CREATE FUNCTION complain(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
           BEGIN
             IF session_user = 'danube_platform' THEN RAISE 'the index is spoilt'; END IF;
             RETURN x;
           END $$;
         CREATE TABLE odd (x int); INSERT INTO odd VALUES (1), (2);
         CREATE INDEX ON odd (complain(x)); CREATE INDEX ON odd (x) WHERE complain(x) > 0; CREATE INDEX ON odd (x);
         ALTER DATABASE shop SET local_preload_libraries = 'nothing'`,
      );
      const { ok, items, checks } = await verify();
      assert.ok(ok, JSON.stringify(checks));
      assert.equal(items, before.items + 2);
      await query('ALTER DATABASE shop RESET local_preload_libraries', { database: 'postgres' });
      await query('DROP TABLE odd; DROP FUNCTION complain');
    });

    it('keeps what was committed when the engine or the whole instance is killed', async () => {
      await query('CREATE TABLE kept (x int)');
      await query('INSERT INTO kept VALUES (1)');
      await service.inside(['kill', '-KILL', await enginePid()]);
      await waitFor('another start', async () => (await state()).starts.length > 1);
      await ready();
      await query('INSERT INTO kept VALUES (2)');
      await service.kill();
      await service.plane.ensureRunning(service.spec.ref);
      await ready();
      assert.equal(await query('SELECT sum(x) FROM kept'), '3');
    });

    it('recovers nothing after it was stopped, and does not bring back a dropped database', async () => {
      await query('DROP DATABASE shop', { database: 'postgres' });
      await service.plane.ensureStopped(service.spec.ref, 300);
      await service.plane.ensureRunning(service.spec.ref);
      await ready();
      const log = await control('logs');
      const last = log.slice(log.lastIndexOf('starting PostgreSQL'));
      assert.match(last, /database system was shut down/);
      assert.match((await attempt('SELECT 1')).stderr, /database "shop" does not exist/);
      await query('CREATE DATABASE shop', { database: 'postgres' });
    });

    it('takes new parameters and another password, and names what waits for a restart', async () => {
      // The platform can still log in, whatever settings the customer's account has and whatever it sets for everybody.
      await query(`ALTER ROLE danube SET statement_timeout = '1ms'`);
      await query(`ALTER ROLE danube SET local_preload_libraries = 'missing'`, {
        options: '-c statement_timeout=0',
      });
      const parameters = { work_mem: '7MB', max_connections: '60', default_transaction_read_only: 'on' };
      await service.push({ password: 'another password', parameters });
      // `cluster_name` was set before, and is removed now.
      assert.equal((await control('reload')).trim(), 'cluster_name\nmax_connections');
      assert.match((await attempt('SELECT 1', { password: PASSWORD })).stderr, /authentication failed/);
      await control('restart');
      await ready();
      const options = '-c statement_timeout=0 -c default_transaction_read_only=off';
      await query('ALTER ROLE danube RESET statement_timeout', { options });
      assert.equal(await query('SHOW work_mem; SHOW max_connections;'), '7MB\n60');
      await service.push({ parameters: { work_mem: 'plenty' } });
      await assert.rejects(control('reload'), /refuses the parameters.*invalid value.*"work_mem": "plenty"/s);
      assert.equal(await query('SHOW work_mem'), '7MB');
      await service.push({ password: PASSWORD, parameters: {} });
      await control('restart');
      await ready();
      assert.ok(!(await control('logs')).includes('another password'));
    });

    testRotation(() => ({
      service,
      ready,
      admits: async (password) => (await attempt('SELECT 1', { password })).status === 0,
    }));

    it('starts with prepared transactions, also with one that holds the account', async () => {
      const restart = async (max_prepared_transactions: string) => {
        await service.push({ parameters: { max_prepared_transactions } });
        await control('restart');
        await ready();
      };
      await restart('10');
      await query(`BEGIN; CREATE TABLE prepared AS SELECT 1 AS x; PREPARE TRANSACTION 'table';`);
      await restart('10');
      await query(`COMMIT PREPARED 'table'`);
      assert.equal(await query('SELECT x FROM prepared'), '1');
      assert.ok(!(await control('logs')).includes('account is not in line'));

      await query(`BEGIN; ALTER ROLE danube PASSWORD 'prepared'; PREPARE TRANSACTION 'account';`);
      await assert.rejects(control('reload'), /lock timeout/);
      await restart('10');
      assert.match(await control('logs'), /lock timeout[\s\S]*danube: the account is not in line/);
      await query(`ROLLBACK PREPARED 'account'`);
      await service.push({ parameters: {} });
      await control('restart');
      await ready();
    });

    it('does the work of pgbench, and counts it', async () => {
      const before = JSON.parse(await control('metrics')) as EngineMetrics;
      const bench = async (...args: string[]) => {
        const command =
          'PGPASSWORD=$(cat /run/danube/settings/password) exec /usr/lib/postgresql/*/bin/pgbench "$@"';
        const target = ['-h', '127.0.0.1', '-U', 'danube', 'shop'];
        return (await service.inside(['sh', '-c', command, 'pgbench', ...args, ...target])).stdout;
      };
      await bench('-i', '-q', '-s', '1');
      assert.match(await bench('-c', '4', '-t', '50'), /actually processed: 200\/200/);
      // A session adds its counts when it ends, possibly after its client has ended.
      const metrics = await waitFor('its transactions to be counted', async () => {
        const now = JSON.parse(await control('metrics')) as EngineMetrics;
        return now.total_queries! >= before.total_queries! + 200 && now;
      });
      assert.ok(metrics.memory_used_bytes! > 1e7 && metrics.memory_used_bytes! <= 1024 ** 3);
      assert.equal(metrics.max_clients, 50);
    });

    it('counts slow statements from its log, also when that is turned over', async () => {
      const slow = async () => (JSON.parse(await control('metrics')) as EngineMetrics).slow_queries;
      const least = async (log_min_duration_statement: string) => {
        await service.push({ parameters: { log_min_duration_statement } });
        await control('reload');
      };
      await least('1s');
      const before = (await slow())!;
      assert.equal(typeof before, 'number');
      // Each writes 1.4 MB to the log, of lines that look like those that count.
      const noise = `FOR n IN 1..1500 LOOP RAISE LOG '%', repeat('LOG:  duration: 9999 ms ', 40); END LOOP;`;
      for (let round = 0; round < 3; round++) {
        await query('SELECT pg_sleep(2)');
        await query(`DO $$ BEGIN ${noise} END $$`);
      }
      const counted = await waitFor('the slow statements to be counted', async () => {
        const now = (await slow())!;
        return now >= before + 3 && now;
      });
      // On a busy host others may have taken long as well, but not thousands.
      assert.ok(counted < before + 100, `${counted}`);
      await least('-1');
      assert.equal(await slow(), null);
      await service.push({ parameters: {} });
      await control('reload');
      await service.inside(['sh', '-c', 'rm -f /run/danube/slow-queries']);
      assert.equal(await slow(), null);
      assert.equal(await slow(), 0);
    });

    it('loses a backend that is too big, and no data', async () => {
      const huge = `SELECT length(a || b) FROM (SELECT repeat('x', 500000000) a, repeat('y', 500000000) b OFFSET 0) t`;
      assert.match((await attempt(huge)).stderr, LOST);
      // The engine ends all other sessions when it notices, possibly while the next query is running, and begins anew.
      await waitFor('an answer', async () => {
        const sum = await attempt('SELECT sum(x) FROM pgbench_branches b, generate_series(1, 2) x');
        return sum.stdout.trim() === '3';
      });
      assert.ok((await state()).oom_kills! > 0);
    });

    testSnapshots(() => ({
      services,
      service,
      async prepare() {
        await query('CREATE TABLE numbers (x int PRIMARY KEY)');
        // Only the owner may read this table, and all sessions in this database get another role. The platform must
        // still count its rows.
        await query('CREATE ROLE nobody; CREATE DATABASE closed;');
        await query('CREATE TABLE hidden (x int); ALTER DATABASE closed SET role = nobody', {
          database: 'closed',
        });
      },
      store: async (number) => void (await query(`INSERT INTO numbers VALUES (${number})`)),
      stored: `/usr/lib/danube/engine/sql -d shop -F ' ' -c 'SELECT count(*), max(x) FROM public.numbers'`,
      spoil: [
        '/usr/lib/danube/control restart; /usr/lib/danube/control ready 60',
        `file=$(/usr/lib/danube/engine/sql -d shop -c "SELECT pg_relation_filepath('public.numbers')")`,
        'dd if=/dev/urandom of=/data/postgresql/$file bs=512 seek=1 count=1 conv=notrunc',
        'kill -KILL $(cat /run/danube/engine.pid); /usr/lib/danube/control ready 60',
      ].join('\n'),
    }));

    it('survives a full disk, and goes on by itself when that grows', async () => {
      await query('CREATE TABLE filled (x text)');
      const row = `SELECT repeat(md5(i::text), 60) FROM generate_series(1, 50000) i`;
      let rows = 0;
      let said = '';
      for (let full = false; !full; ) {
        const { status, stderr } = await attempt(`INSERT INTO filled ${row}`);
        full = status !== 0;
        said = stderr;
        if (full) assert.match(stderr, FULL);
        else rows += 50_000;
        assert.ok(rows < 5e6, 'the disk does not fill');
      }
      const full = (await state()).starts.length;
      await service.inside(['sh', '-c', 'kill -KILL $(cat /run/danube/engine.pid)'], { allow: 'any' });
      await waitFor('another start', async () => (await state()).starts.length > full);
      const volume = volumeOf(service.spec.ref);
      await service.plane.ensureVolume({ ref: volume, sizeGb: 3 });
      await ready();
      // If the session was lost, its last rows may have been committed or not.
      const kept = Number(await query('SELECT count(*) FROM filled'));
      assert.ok(kept === rows || (LOST.test(said) && kept === rows + 50_000), `${kept} of ${rows}`);
      await query(`INSERT INTO filled ${row}`);
    });
  });
}
