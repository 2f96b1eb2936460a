import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mariadb } from '../../../src/services/mariadb/provider.ts';
import { sample } from '../../seed.ts';
import { AS_THE_PLATFORM, ATTACKS, ON_THE_ROLE, OWN_PATTERNS, SYSTEM_PATTERNS } from '../mariadb-attacks.ts';
import { describeEngine } from '../mysql-family.ts';
import type { MysqlSubject } from '../mysql-subject.ts';

/** Accounts that the engine or the platform created. Who administers accounts can take them over. */
const PLATFORM = ['danube_platform@`127.0.0.1`', '`mariadb.sys`@localhost'];

/**
 * In MariaDB, an account that may create accounts can take over every other one. So none may have more rights than the
 * customer's.
 */
async function takeOver({ ask, refused, service, ready }: MysqlSubject): Promise<void> {
  for (const [index, account] of PLATFORM.entries()) {
    const taken = `taken${index}`;
    await ask(
      `RENAME USER ${account} TO ${taken}@'%'; ALTER USER ${taken}@'%' IDENTIFIED BY 'mine' ACCOUNT UNLOCK`,
    );
    await refused(AS_THE_PLATFORM, { user: taken, password: 'mine' });
  }
  await refused(["UPDATE mysql.global_priv SET Priv = '{}'", "SET GLOBAL general_log_file = 'x'"]);
  // The next start restores everything, and revokes the platform's rights from those accounts.
  await ask(`DROP ROLE danube_orders; DROP PROCEDURE IF EXISTS work.r`);
  await service.plane.control(service.spec.ref, 'restart');
  await ready();
  assert.equal((await service.plane.control(service.spec.ref, 'reload')).trim(), '');
  assert.equal(await ask('SELECT COUNT(*) > 0 FROM mysql.user'), '1');
  assert.doesNotMatch(await ask("SHOW GRANTS FOR taken0@'%'"), /SELECT/);
  await ask("DROP USER taken0@'%', taken1@'%'");
}

/**
 * Tests rights on patterns of names: all rights for the customer's own databases, and only reading for those of the
 * engine.
 */
async function wildcards({ ask, refused }: MysqlSubject): Promise<void> {
  await ask("CREATE USER eve@'%' IDENTIFIED BY 'eve'");
  const rights = ['INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER', 'LOCK TABLES', 'EVENT', 'ALL'];
  await refused(
    SYSTEM_PATTERNS.map((pattern, index) => {
      const right = rights[index % rights.length];
      return `GRANT ${right} ON \`${pattern}\`.* TO eve@'%' WITH GRANT OPTION`;
    }),
  );
  await ask(
    OWN_PATTERNS.map((pattern) => `GRANT ALL ON \`${pattern}\`.* TO eve@'%' WITH GRANT OPTION;`).join('\n'),
  );
  await ask("GRANT SELECT, SHOW VIEW ON `%`.* TO eve@'%'");
  const eve = { user: 'eve', password: 'eve' };
  await refused(
    [
      "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.access', 274877906943) WHERE User = 'eve'",
      'INSERT INTO mysql.db SELECT * FROM mysql.db',
      'CREATE TABLE sys.x (a INT)',
      "GRANT UPDATE ON `mysq_`.* TO eve@'%'",
    ],
    eve,
  );
  // The rights are granted onwards twice, and through a role.
  await ask("CREATE ROLE helper; GRANT ALL ON `app%`.* TO helper; GRANT helper TO eve@'%'; DROP ROLE helper");
  for (const name of ['my', 'mysqlx', 'lms', 'team-1', '日本']) {
    const made = `CREATE DATABASE \`${name}\`; CREATE TABLE \`${name}\`.t (a INT); DROP DATABASE \`${name}\``;
    await ask(made);
  }
  // Without the performance schema, the engine keeps working, and so does the platform.
  await ask("DROP DATABASE performance_schema; DROP USER eve@'%'");
}

for (const { version } of sample(mariadb.versions, 1)) {
  describeEngine(mariadb, version, ATTACKS, (subject) => {
    it('gives no right on its own tables, whatever the pattern', () => wildcards(subject));

    it('lets nobody have what belongs to the role of the platform', async () => {
      for (const sql of ON_THE_ROLE) {
        const { status, stderr } = await subject.sql(sql);
        assert.notEqual(status, 0, sql);
        assert.match(stderr, /ERROR (1227|1396|1959) /, sql);
      }
    });

    it('has no account with more rights than its owner has, whoever gets hold of it', () =>
      takeOver(subject));
  });
}
