import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { run } from '../../src/lib/run.ts';
import type { Provider } from '../../src/services/provider.ts';
import { filterIn } from '../documented-commands.ts';
import type { MysqlSubject } from './mysql-subject.ts';

/** The dumps, and the database in each. */
const DUMPS = {
  'mysql-5.7-all.sql': 'old57',
  'mysql-8.0.sql': 'old80',
  'mysql-8.4.sql': 'old84',
  'mariadb-10.6-all.sql': 'old106',
};

/** Leaves out the engine's own tables, and the log positions of the other server. */
const OWN_DATABASES = filterIn('docs/mysql.md', 'awk ');
const NO_GTID = filterIn('docs/mysql.md', "sed -E '/^SET @@GLOBAL");
/** For MariaDB. */
const NO_DEFINER = filterIn('docs/mariadb.md', "sed -E '/^SET .*SQL_LOG_BIN");

/** Tests that the owner can load dumps of other versions and vendors with the client alone. */
export function testDumps(subject: MysqlSubject, provider: Provider): void {
  const filters = [OWN_DATABASES, NO_GTID, ...(provider.id === 'mariadb' ? [NO_DEFINER] : [])].join(' | ');

  it('loads dumps of other servers, with routines, events and definers', async () => {
    const { ask } = subject;
    if (provider.id === 'mysql') {
      // The definer in the dumps.
      await ask('CREATE USER root@localhost ACCOUNT LOCK');
      for (const name of Object.values(DUMPS)) await ask(`GRANT ALL ON ${name}.* TO root@localhost`);
    }
    for (const [file, name] of Object.entries(DUMPS)) {
      const input = await readFile(path.join(import.meta.dirname, 'dumps', file), 'utf8');
      await ask((await run('sh', ['-c', filters], { input })).stdout);
      assert.equal(await ask(`CALL ${name}.greet()`), "Ärger\nZoë's \\\\", file);
      assert.equal(await ask(`SELECT ${name}.doubled(21), COUNT(*) FROM ${name}.names`), '42\t2');
      await ask(`INSERT INTO ${name}.customers (id, name) VALUES (9, '  x ')`);
      assert.equal(await ask(`SELECT name FROM ${name}.customers WHERE id = 9`), 'x', 'its trigger');
      assert.match(await ask(`SHOW EVENTS IN ${name}`), /nightly.*ENABLED/);
      await ask(`DROP DATABASE ${name}`);
    }
    if (provider.id === 'mysql') await ask('DROP USER root@localhost');
  });
}
