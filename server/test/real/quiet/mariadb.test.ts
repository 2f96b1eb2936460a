import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mariadb } from '../../../src/services/mariadb/provider.ts';
import { sample } from '../../seed.ts';
import { describeEngine, type Subject } from '../mysql-family.ts';

/** Each must fail for the customer's account. */
const ATTACKS = [
  // Files.
  "SELECT 1 INTO OUTFILE '/tmp/x'",
  "LOAD DATA INFILE '/etc/passwd' INTO TABLE work.t",
  "SET GLOBAL general_log_file = '/tmp/x.log'",
  "SET GLOBAL slow_query_log_file = '/tmp/x.log'",
  // Libraries.
  "INSTALL SONAME 'ha_federatedx'",
  "INSTALL PLUGIN disks SONAME 'disks'",
  "CREATE FUNCTION f RETURNS INTEGER SONAME 'x.so'",
  "INSERT INTO mysql.plugin VALUES ('p', 'x.so')",
  "SET GLOBAL wsrep_provider = '/tmp/x.so'",
  // Rights that it has not.
  ...['FILE', 'SUPER', 'SHUTDOWN', 'SET USER', 'REPLICATION SLAVE ADMIN'].map(
    (right) => `GRANT ${right} ON *.* TO danube@'%'`,
  ),
  "GRANT ALL ON *.* TO app@'%'",
  "GRANT INSERT ON mysql.* TO app@'%'",
  "INSERT INTO mysql.global_priv VALUES ('%', 'x', '{}')",
  'DROP DATABASE mysql',
  'CREATE TABLE sys.x (a INT)',
  'CREATE DEFINER = root@localhost PROCEDURE work.r() SELECT 1',
  // The server as a whole, and other hosts.
  'SET GLOBAL require_secure_transport = OFF',
  'SET GLOBAL max_allowed_packet = 1024',
  'SHUTDOWN',
  "CHANGE MASTER TO MASTER_HOST = 'x'",
  "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
];

/** Each must fail for an account that has every right of the engine. */
const ATTACKS_WITH_ALL_RIGHTS = [
  "SELECT 1 INTO OUTFILE '/tmp/x'",
  "SELECT 1 INTO OUTFILE '/data/mysql/x'",
  "SELECT 1 INTO OUTFILE '/run/danube/server/none/x'",
  "LOAD DATA INFILE '/etc/passwd' INTO TABLE work.t",
  "LOAD DATA INFILE '/run/danube/server/key.pem' INTO TABLE work.t",
  "SET GLOBAL general_log_file = '/usr/lib/danube/engine/x.log'",
  "SET GLOBAL general_log_file = '/run/danube/x.log'",
  "SET GLOBAL general_log_file = '/data/x.log'",
  "SET GLOBAL general_log_file = '/data/mysql/my.cnf'",
  "SET GLOBAL secure_file_priv = ''",
  "SET GLOBAL plugin_dir = '/tmp'",
  "SET GLOBAL wsrep_provider = '/tmp/x.so'",
  "SET GLOBAL wsrep_notify_cmd = 'touch /tmp/x'",
  'SET GLOBAL wsrep_on = ON',
  "INSTALL SONAME 'ha_federatedx'",
  "INSTALL SONAME '../../../../usr/lib/mysql/plugin/ha_federatedx'",
  "CREATE FUNCTION f RETURNS INTEGER SONAME 'libc.so.6'",
  "CREATE FUNCTION f RETURNS INTEGER SONAME '../x.so'",
];

/** MariaDB lets whoever may create accounts take over any of them: nothing there may lead out of the engine. */
async function takeOver(subject: Subject): Promise<void> {
  const { ask, service } = subject;
  await ask("CREATE USER eve@'%' IDENTIFIED BY 'eve'; GRANT ALL ON `%`.* TO eve@'%'");
  const eve = { user: 'eve', password: 'eve' };
  const askAsEve = async (sql: string) => {
    const { status, stdout, stderr } = await subject.sql(sql, eve);
    assert.equal(status, 0, `${sql}: ${stderr}`);
    return stdout.trim();
  };
  // All rights that this version knows are what its own root had when the tables were made.
  await askAsEve(
    "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.access', 274877906943) WHERE User = 'eve' AND Host = '%'",
  );
  await ask('FLUSH PRIVILEGES');
  assert.match(await askAsEve('SHOW GRANTS'), /GRANT ALL PRIVILEGES ON \*\.\*|SUPER/);
  await subject.refused(ATTACKS_WITH_ALL_RIGHTS, eve);
  assert.equal(await askAsEve("SELECT COALESCE(LOAD_FILE('/etc/passwd'), 'closed')"), 'closed');
  await askAsEve("CREATE TABLE work.outside (a INT) ENGINE = MyISAM DATA DIRECTORY = '/tmp'");
  await askAsEve("CREATE TABLE work.outside2 (a INT) DATA DIRECTORY = '/tmp'");
  const files = await service.inside(
    ['find', '/tmp', '/run/danube/server/none', '/etc/x.log', '-type', 'f'],
    {
      allow: 'any',
    },
  );
  assert.equal(files.stdout.trim(), '');
  // What harms the platform's own ways is over with the next start, which anyone can cause now.
  await askAsEve(
    "SET GLOBAL require_secure_transport = OFF; DROP USER root@localhost; DROP USER danube@'%'; SHUTDOWN",
  );
  await subject.ready();
  assert.equal(await ask('SELECT @@require_secure_transport'), '1');
  assert.equal((await service.plane.control(service.spec.ref, 'reload')).trim(), '');
  await ask("DROP USER eve@'%'");
}

for (const { version } of sample(mariadb.versions, 1)) {
  describeEngine(mariadb, version, ATTACKS, (subject) => {
    it('has no right that leads out of it, whoever gets hold of all of them', () => takeOver(subject));
  });
}
