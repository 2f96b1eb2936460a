import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { run } from '../../../src/lib/run.ts';
import { mysql } from '../../../src/services/mysql/provider.ts';
import { imageOf } from '../../../src/services/provider.ts';
import { fromTestRun } from '../../incus.ts';
import { describeEngine, type Subject } from '../mysql-family.ts';

/** Each must fail for the customer's account. */
const ATTACKS = [
  // Files.
  "SELECT 1 INTO OUTFILE '/tmp/x'",
  "LOAD DATA INFILE '/etc/passwd' INTO TABLE work.t",
  "CREATE TABLE work.d (a INT) DATA DIRECTORY = '/tmp'",
  "CREATE TABLE work.d (a INT) ENGINE = MyISAM DATA DIRECTORY = '/tmp'",
  "CREATE TABLESPACE ts ADD DATAFILE '/tmp/ts.ibd'",
  "SET GLOBAL general_log_file = '/tmp/x'",
  "SET GLOBAL slow_query_log_file = '/tmp/x'",
  // Libraries.
  "INSTALL PLUGIN auth_socket2 SONAME 'auth_socket.so'",
  "INSTALL COMPONENT 'file://component_validate_password'",
  'UNINSTALL PLUGIN auth_socket',
  "CREATE FUNCTION f RETURNS INTEGER SONAME 'keyring_udf.so'",
  "INSERT INTO mysql.func VALUES ('f', 1, 'x.so', 'function')",
  "INSERT INTO mysql.plugin VALUES ('p', 'x.so')",
  // The accounts of the platform.
  "RENAME USER root@localhost TO root@'%'",
  "ALTER USER root@localhost IDENTIFIED BY 'x'",
  "SET PASSWORD FOR root@localhost = 'x'",
  'DROP USER root@localhost',
  'REVOKE ALL PRIVILEGES, GRANT OPTION FROM root@localhost',
  "GRANT root@localhost TO danube@'%'",
  "GRANT `mysql.session`@localhost TO danube@'%'",
  'SET ROLE root@localhost',
  "GRANT PROXY ON root@localhost TO danube@'%'",
  'CREATE DEFINER = root@localhost PROCEDURE work.r() SELECT 1',
  'CREATE DEFINER = `mysql.session`@localhost EVENT work.r ON SCHEDULE EVERY 1 DAY DO SELECT 1',
  // Rights that it has not.
  "GRANT ALL ON *.* TO app@'%'",
  ...['FILE', 'SUPER', 'SHUTDOWN', 'SYSTEM_USER', 'SYSTEM_VARIABLES_ADMIN', 'REPLICATION_SLAVE_ADMIN'].map(
    (right) => `GRANT ${right} ON *.* TO danube@'%'`,
  ),
  "GRANT INSERT ON mysql.* TO app@'%'",
  "UPDATE mysql.user SET File_priv = 'Y'",
  'DELETE FROM mysql.global_grants',
  'DROP DATABASE mysql',
  'CREATE TABLE mysql.x (a INT)',
  'CREATE PROCEDURE sys.x() SELECT 1',
  'DROP PROCEDURE sys.diagnostics',
  // The server as a whole, and other hosts.
  'SET GLOBAL require_secure_transport = OFF',
  'SET PERSIST require_secure_transport = OFF',
  'SET GLOBAL max_connections = 1',
  'ALTER INSTANCE DISABLE INNODB REDO_LOG',
  'SHUTDOWN',
  'RESTART',
  "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'x'",
  "CLONE INSTANCE FROM x@y:1 IDENTIFIED BY 'z'",
  "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
  'LOCK INSTANCE FOR BACKUP',
];

/** MySQL's own client, run from the image: it checks certificate and address. */
async function ownClient({ services, service }: Subject): Promise<void> {
  const cache = fromTestRun('DANUBE_TEST_IMAGES');
  const image = imageOf(mysql, '9.7');
  const built = (await readdir(cache)).find((name) => new RegExp(`^${image}-[0-9a-f]{16}$`).test(name));
  const root = path.join(services.folder, 'rootfs');
  await mkdir(root);
  const exclude = ['dev', 'proc', 'sys'].map((name) => `--exclude=./${name}/*`);
  await run('tar', ['--zstd', '-C', root, ...exclude, '-xf', path.join(cache, built!, 'rootfs.tar.zst')]);
  await copyFile(services.caFile, path.join(root, 'ca.pem'));
  const ask = (args: string[]) =>
    run(
      '/usr/sbin/chroot',
      [root, 'mysql', `--host=${service.address}`, '--user=danube', '--ssl-ca=/ca.pem', '--batch', ...args],
      { env: { PATH: '/usr/bin:/bin', MYSQL_PWD: service.settings.password }, allow: 'any' },
    );
  const query = ['--skip-column-names', '--execute', 'SELECT VERSION()'];
  const verified = await ask(['--ssl-mode=VERIFY_IDENTITY', ...query]);
  assert.equal(verified.status, 0, verified.stderr);
  assert.match(verified.stdout, /^9\.7\./);
  const plain = await ask(['--ssl-mode=DISABLED', ...query]);
  assert.match(plain.stderr, /insecure transport|Access denied/);
}

describeEngine(mysql, '9.7', ATTACKS, (subject) => {
  it("answers MySQL's own client, with certificate and address verified", () => ownClient(subject));

  it('passes no right on that the account has not, not even at the next start', async () => {
    const { ask, refused, service } = subject;
    await ask(
      "CREATE USER eve@'%' IDENTIFIED BY 'eve'; GRANT INSERT, CREATE ON *.* TO eve@'%' WITH GRANT OPTION",
    );
    // Tries without pause, also while accounts are brought in line on a start.
    await ask(
      'CREATE EVENT work.attack ON SCHEDULE EVERY 1 SECOND DO ' +
        "INSERT INTO mysql.func VALUES (CONCAT('f', CONNECTION_ID()), 1, 'x.so', 'function')",
    );
    await refused(["INSERT INTO mysql.func VALUES ('f', 1, 'x.so', 'function')"], {
      user: 'eve',
      password: 'eve',
    });
    await service.plane.control(service.spec.ref, 'restart');
    await subject.ready();
    assert.equal(await ask('SELECT COUNT(*) FROM mysql.func'), '0');
    assert.equal(await ask("SELECT COALESCE(LOAD_FILE('/etc/passwd'), 'closed')"), 'closed');
  });
});
