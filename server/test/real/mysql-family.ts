import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type RunResult, run } from '../../src/lib/run.ts';
import type { EngineMetrics, EngineParameter, EngineState, Provider } from '../../src/services/provider.ts';
import { waitFor } from '../harness.ts';
import { volumeOf } from '../volumes.ts';
import { assertContained } from './containment.ts';
import { assertTrustedChecks } from './mysql-checks.ts';
import { openServices, type TestService, type TestServices } from './service.ts';
import { testSnapshots } from './service-snapshots.ts';

const PATIENCE = 600;
const PASSWORD = `correct "horse" 'battery' \\#;`;

/** Runs SQL as a client on the host would; with the customer's password unless another one is given. */
export type Sql = (
  sql: string,
  options?: { user?: string; password?: string; args?: string[] },
) => Promise<RunResult>;

/** A client of the service: Debian's `mariadb`, which checks the certificate and the address in it. */
function clientOf(services: TestServices, service: () => TestService): Sql {
  let clients = 0;
  return async (sql, { user = 'danube', password, args = ['--ssl-verify-server-cert'] } = {}) => {
    const quoted = (password ?? service().settings.password).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    clients += 1;
    const file = path.join(services.folder, `client-${clients}.cnf`);
    const login = `user = "${user}"\npassword = "${quoted}"\nhost = ${service().address}\n`;
    await writeFile(file, `[client]\n${login}ssl-ca = ${services.caFile}\n`, { mode: 0o600 });
    const options = [`--defaults-file=${file}`, '--batch', '--skip-column-names', ...args];
    return await run('mariadb', options, { input: sql, allow: 'any', timeoutSeconds: 600 });
  };
}

export interface Subject {
  services: TestServices;
  service: TestService;
  sql: Sql;
  /** Runs SQL and returns what it prints; fails where the engine refuses it. */
  ask(sql: string): Promise<string>;
  /** Fails unless every one of these statements is refused. */
  refused(statements: readonly string[], login?: { user: string; password: string }): Promise<void>;
  ready(): Promise<void>;
}

/** What both engines must do, on a real instance of one version; `more` adds what only one of them must. */
export function describeEngine(
  provider: Provider,
  version: string,
  attacks: readonly string[],
  more: (subject: Subject) => void,
): void {
  describe(`${provider.name} ${version} on Incus`, () => {
    const subject = {} as Subject;
    const { ask, refused } = {
      ask: (sql: string) => subject.ask(sql),
      refused: (statements: readonly string[]) => subject.refused(statements),
    };

    before(async () => {
      subject.services = await openServices();
      subject.service = await subject.services.start(provider, version, {
        plan: { vcpu: 1, memoryMb: 1024, diskGb: 3 },
        password: PASSWORD,
        database: 'my-shop `1`',
      });
      subject.sql = clientOf(subject.services, () => subject.service);
      subject.ask = async (sql) => {
        const { status, stdout, stderr } = await subject.sql(sql);
        assert.equal(status, 0, `${sql}: ${stderr}`);
        return stdout.trim();
      };
      subject.refused = async (statements, login = undefined) => {
        for (const statement of statements) {
          const { status, stderr } = await subject.sql(statement, login);
          assert.notEqual(status, 0, `${statement} was not refused`);
          assert.match(stderr, /ERROR (1\d\d\d|3\d\d\d|1) /, statement);
          // A statement that the engine does not understand, or that names what is not there, shows nothing.
          assert.doesNotMatch(
            stderr,
            /ERROR (1064|1046|1049|1146|1193|1305|1396) /,
            `${statement}: ${stderr}`,
          );
        }
      };
      subject.ready = () => subject.service.plane.waitForService(subject.service.spec.ref, PATIENCE);
    });
    after(() => subject.services?.close());

    it('answers over verified TLS alone, to the right password alone', async () => {
      const { sql } = subject;
      assert.match(await ask("SHOW SESSION STATUS LIKE 'Ssl_version'"), /TLSv1\.[23]/);
      const plain = await sql('SELECT 1', { args: ['--skip-ssl'] });
      assert.notEqual(plain.status, 0);
      const wrong = await sql('SELECT 1', { password: 'wrong' });
      assert.match(wrong.stderr, /Access denied/);
      for (const user of ['root', '', 'mysql']) {
        assert.notEqual((await sql('SELECT 1', { user, password: '' })).status, 0, `user "${user}"`);
      }
      const old = await sql('SELECT 1', { args: ['--tls-version=TLSv1.1'] });
      assert.notEqual(old.status, 0);
    });

    it('lists its parameters, and takes any value as it is', async () => {
      const parameters = (await subject.service.plane.imageParameters(
        subject.service.spec.image,
      )) as EngineParameter[];
      assert.ok(parameters.length > 300, `${parameters.length} parameters`);
      const find = (name: string) => parameters.find((parameter) => parameter.name === name);
      assert.equal(find('max_connections')?.type, 'integer');
      assert.equal(find('max_connections')?.static, false);
      assert.equal(find('innodb_rollback_on_timeout')?.static, true);
      assert.ok(find('completion_type')?.values?.includes('CHAIN'));
      const nasty = fc.string({ unit: fc.constantFrom(...' #"\'\\;![]=nstb\tä€'), maxLength: 30 });
      const values = fc.sample(nasty, 300);
      const names = values.map((_, index) => `v${index}`);
      const config = provider.renderConfig(
        Object.fromEntries(names.map((name, index) => [name, values[index]!])),
      );
      const read = ['my_print_defaults', '--defaults-file=/tmp/values.cnf', 'mysqld'];
      const { stdout } = await subject.service.inside(
        ['sh', '-c', `cat >/tmp/values.cnf; ${read.join(' ')}; rm /tmp/values.cnf`],
        { input: config },
      );
      assert.deepEqual(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.trimEnd()),
        names.map((name, index) => `--${name}=${values[index]}`.trimEnd()),
      );
    });

    it('lets its owner administer it', async () => {
      await ask(
        "CREATE DATABASE work; CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON work.* TO app@'%';" +
          'CREATE TABLE work.t (id INT PRIMARY KEY); INSERT INTO work.t VALUES (1);' +
          'CREATE PROCEDURE work.p() SELECT COUNT(*) FROM work.t; CALL work.p();' +
          'CREATE EVENT work.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM work.t WHERE id < 0;' +
          'CREATE TRIGGER work.g BEFORE INSERT ON work.t FOR EACH ROW SET NEW.id = NEW.id;' +
          'CREATE VIEW work.v AS SELECT * FROM work.t;' +
          "CREATE ROLE reader; GRANT SELECT ON work.* TO reader; GRANT reader TO app@'%'; SHOW PROCESSLIST;",
      );
      const app = { user: 'app', password: 'app' };
      const plain = await subject.sql('SELECT 1', { ...app, args: ['--skip-ssl'] });
      assert.notEqual(plain.status, 0);
      const sleeping = subject.sql('SELECT SLEEP(60)', app);
      const find = "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'app' AND INFO LIKE '%SLEEP%'";
      const thread = await waitFor('the other connection', async () => (await ask(find)) || null);
      await ask(`KILL ${thread}`);
      assert.notEqual((await sleeping).status, 0);
      await refused(['SELECT 1 INTO OUTFILE "/tmp/x"']);
    });

    it('applies new settings while it runs, and says which of them wait', async () => {
      const { service } = subject;
      const control = (verb: 'reload' | 'metrics' | 'restart') =>
        service.plane.control(service.spec.ref, verb);
      await service.push({
        password: 'another one',
        parameters: {
          max_connections: '77',
          sort_buffer_size: '1M',
          innodb_rollback_on_timeout: 'ON',
          sql_mode: '',
        },
      });
      assert.equal((await control('reload')).trim(), 'innodb_rollback_on_timeout');
      assert.equal(await ask('SELECT @@max_connections, @@sort_buffer_size, @@sql_mode'), '77\t1048576');
      assert.match((await subject.sql('SELECT 1', { password: PASSWORD })).stderr, /Access denied/);
      const metrics = JSON.parse(await control('metrics')) as EngineMetrics;
      assert.equal(metrics.max_clients, 77);
      assert.ok(metrics.memory_used_bytes! > 50e6 && metrics.memory_used_bytes! < 1024e6);
      assert.ok(
        metrics.connected_clients! >= 1 && metrics.total_queries! > 1 && metrics.uptime_seconds! >= 0,
      );

      await service.push({ parameters: { sql_mode: 'NO_SUCH_MODE' } });
      await assert.rejects(control('reload'), /sql_mode/);
      await service.push({ parameters: {} });
      assert.equal((await control('reload')).trim(), '');
      assert.equal(await ask('SELECT @@max_connections, @@sort_buffer_size > 0'), '80\t1');

      await service.push({ parameters: { innodb_rollback_on_timeout: 'ON' } });
      await control('restart');
      await subject.ready();
      assert.equal(await ask('SELECT @@innodb_rollback_on_timeout'), '1');
    });

    it('logs the statements of its owner, and never the password', async () => {
      const { service } = subject;
      const control = (verb: 'reload' | 'restart') => service.plane.control(service.spec.ref, verb);
      const logs = { general_log: 'ON', slow_query_log: 'ON', long_query_time: '0' };
      await service.push({ password: 'never logged', parameters: logs });
      await control('reload');
      await control('reload');
      await control('restart');
      await subject.ready();
      // The needle is put together by the engine: these statements are logged themselves.
      const matches = (needle: string) =>
        ask(
          `SELECT (SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE ${needle}) +` +
            `(SELECT COUNT(*) FROM mysql.slow_log WHERE sql_text LIKE ${needle})`,
        );
      await ask("SELECT 'of its owner'");
      assert.equal(await matches("CONCAT('%of its', ' owner%')"), '2');
      assert.equal(await matches("CONCAT('%never', ' logged%')"), '0');
      await service.push({ parameters: {} });
      await control('reload');
      await ask('TRUNCATE mysql.general_log; TRUNCATE mysql.slow_log');
    });

    it('keeps what was committed when engine or instance are killed', async () => {
      const { service } = subject;
      await ask('CREATE TABLE work.kept (id INT PRIMARY KEY); INSERT INTO work.kept VALUES (1)');
      await service.inside(['sh', '-c', 'kill -9 $(cat /run/danube/engine.pid)']);
      await subject.ready();
      await ask('INSERT INTO work.kept VALUES (2)');
      await service.kill();
      await service.plane.ensureRunning(service.spec.ref);
      await subject.ready();
      assert.equal(await ask('SELECT GROUP_CONCAT(id) FROM work.kept'), '1,2');
    });

    it('ends in good order, and a database that was dropped stays away', async () => {
      const { service } = subject;
      assert.match(await ask('SHOW DATABASES'), /^my-shop `1`$/m);
      await ask('DROP DATABASE `my-shop ``1```');
      await service.plane.ensureStopped(service.spec.ref, 300);
      await service.plane.ensureRunning(service.spec.ref);
      await subject.ready();
      const databases = (await ask('SHOW DATABASES')).split('\n');
      assert.ok(!databases.includes('my-shop `1`') && !databases.includes('test'), databases.join());
      const log = await service.plane.control(service.spec.ref, 'logs');
      const last = log.slice(log.lastIndexOf('Shutdown complete'));
      assert.ok(last.startsWith('Shutdown complete') && last.includes('ready for connections'));
      // MySQL says this where its cores change while it starts, as they do whenever another instance comes or goes.
      const errors = last.replaceAll(/.*sched_setaffinity\(\) failed!/g, '');
      assert.doesNotMatch(errors, /crash recovery|not shut ?down|\[ERROR\]/i);
    });

    it('keeps its owner inside the engine', async () => {
      await refused(attacks);
      await subject.ready();
      assert.equal(await ask('SELECT @@require_secure_transport'), '1');
    });

    it('writes its data folder alone, and begins no connection', () =>
      assertContained(subject.service, {
        user: 'mysql',
        folders: ['/data/mysql', '/data/tmp', '/run/mysqld'],
        connect: (host) =>
          `${provider.id} --no-defaults --connect-timeout=5 --protocol=tcp --host=${host} --user=x`,
        refusal: /\(13\b/,
      }));

    it('is not misled by names and kinds of tables when it checks its data', () =>
      assertTrustedChecks(subject));

    it('has the memory for all of its connections at work', async () => {
      const { service, services } = subject;
      const state = async () =>
        JSON.parse(await service.plane.control(service.spec.ref, 'state')) as EngineState;
      const before = await state();
      await ask(
        'CREATE TABLE work.load_test (id INT AUTO_INCREMENT PRIMARY KEY, hash CHAR(32), text VARCHAR(500));' +
          "INSERT INTO work.load_test (hash, text) VALUES (MD5(CONCAT(RAND())), REPEAT('x', 500));" +
          'INSERT INTO work.load_test (hash, text) SELECT MD5(CONCAT(RAND())), text FROM work.load_test;'.repeat(
            12,
          ),
      );
      const login = path.join(services.folder, 'load.cnf');
      await writeFile(
        login,
        `[client]\nuser = danube\npassword = "${service.settings.password}"\nssl-ca = ${services.caFile}\n`,
        { mode: 0o600 },
      );
      const query =
        'SELECT hash, COUNT(*), MAX(text) FROM work.load_test GROUP BY hash ORDER BY 3, 1 LIMIT 5';
      await run('mariadb-slap', [
        ...[
          `--defaults-file=${login}`,
          `--host=${service.address}`,
          '--concurrency=75',
          '--number-of-queries=75',
        ],
        ...['--create-schema=work', '--no-drop', `--query=${query}`],
      ]);
      const metrics = JSON.parse(await service.plane.control(service.spec.ref, 'metrics')) as EngineMetrics;
      assert.ok(metrics.memory_used_bytes! < 1000 * 1024 * 1024, `${metrics.memory_used_bytes} bytes`);
      const { oom_kills, starts } = await state();
      assert.deepEqual({ oom_kills, starts }, { oom_kills: before.oom_kills, starts: before.starts });
    });

    more(subject);

    testSnapshots(() => ({
      ...subject,
      prepare: async () =>
        void (await ask('CREATE DATABASE numbers; CREATE TABLE numbers.t (x INT PRIMARY KEY)')),
      store: async (number) => void (await ask(`INSERT INTO numbers.t VALUES (${number})`)),
      stored: `. /usr/lib/danube/engine/common; echo 'SELECT COUNT(*), MAX(x) FROM numbers.t' | administer`,
      spoil: [
        '/usr/lib/danube/control restart; /usr/lib/danube/control ready 90',
        // The first page with rows: MySQL's is behind one that describes the table.
        `page=$([ -e /usr/sbin/mariadbd ] && echo 3 || echo 4)`,
        'dd if=/dev/urandom of=/data/mysql/numbers/t.ibd bs=16384 seek=$page count=1 conv=notrunc',
        'kill -KILL $(cat /run/danube/engine.pid); /usr/lib/danube/control ready 90',
      ].join('\n'),
    }));

    it('survives a full disk, and comes back once it has grown', async () => {
      const { service } = subject;
      const volume = volumeOf(service.spec.ref);
      await ask('CREATE TABLE work.filler (id INT AUTO_INCREMENT PRIMARY KEY, text LONGTEXT)');
      await service.inside(['sh', '-c', 'head -c 4G /dev/zero | tr "\\0" x >/data/filler'], { allow: 'any' });
      await waitFor('the disk to be full', async () => {
        const { status } = await subject.sql("INSERT INTO work.filler (text) VALUES (REPEAT('x', 1000000))");
        return status !== 0;
      });
      // Whatever state that leaves it in: not even a restart mends it now.
      await service.inside(['sh', '-c', 'kill -9 $(cat /run/danube/engine.pid)'], { allow: 'any' });
      await service.plane.ensureVolume({ ref: volume, sizeGb: 6 });
      await subject.ready();
      await ask("INSERT INTO work.filler (text) VALUES ('fits')");
      assert.equal(await ask('SELECT GROUP_CONCAT(id) FROM work.kept'), '1,2');
    });
  });
}
