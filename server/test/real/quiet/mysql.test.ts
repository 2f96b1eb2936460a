import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { run } from '../../../src/lib/run.ts';
import { mysql } from '../../../src/services/mysql/provider.ts';
import { imageOf } from '../../../src/services/provider.ts';
import { fromTestRun } from '../../incus.ts';
import { ATTACKS } from '../mysql-attacks.ts';
import { describeEngine } from '../mysql-family.ts';
import type { MysqlSubject } from '../mysql-subject.ts';

/** Runs MySQL's own client from the image. It verifies the certificate and the address in it. */
async function ownClient({ services, service }: MysqlSubject): Promise<void> {
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

  it('lets in with the password that the platform shows, and with no other that was kept', async () => {
    const { ask, service } = subject;
    const { password } = service.settings;
    await ask("ALTER USER danube@'%' IDENTIFIED BY 'second' RETAIN CURRENT PASSWORD");
    assert.equal((await subject.sql('SELECT 1', { password: 'second' })).status, 0);
    await service.plane.control(service.spec.ref, 'reload');
    assert.match((await subject.sql('SELECT 1', { password: 'second' })).stderr, /Access denied/);
    assert.equal((await subject.sql('SELECT 1', { password })).status, 0);
  });

  it('passes no right on that the account has not, not even at the next start', async () => {
    const { ask, refused, service } = subject;
    await ask(
      "CREATE USER eve@'%' IDENTIFIED BY 'eve'; GRANT INSERT, CREATE ON *.* TO eve@'%' WITH GRANT OPTION",
    );
    // Tries it every second, and so also during a start, while the platform sets up the accounts.
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
