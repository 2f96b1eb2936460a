import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Provider } from '../../src/services/provider.ts';
import { waitFor } from '../harness.ts';
import { assertContained } from './containment.ts';
import { assertTrustedChecks } from './mysql-checks.ts';
import type { MysqlSubject } from './mysql-subject.ts';

/** Tests who can connect, and what the owner can do. */
export function testAccess(subject: MysqlSubject): void {
  const { ask, refused } = subject;

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
}

/** Tests that an owner who has the password cannot get out of the engine. */
export function testContainment(subject: MysqlSubject, provider: Provider, attacks: readonly string[]): void {
  const { ask, refused } = subject;

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
}
