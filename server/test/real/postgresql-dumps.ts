import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { run } from '../../src/lib/run.ts';
import { filterIn } from '../documented-commands.ts';
import type { Login } from './psql.ts';
import type { TestService } from './service.ts';

interface Subject {
  service: TestService;
  version: string;
  query(sql: string, login?: Login): Promise<string>;
}

const dump = (name: string): Promise<Buffer> => readFile(path.join(import.meta.dirname, 'dumps', name));

/** Without owners; and without what only a superuser may say of a role. */
const NO_OWNER = filterIn('docs/postgresql.md', "sed '/^ALTER");
const ROLES = filterIn('docs/postgresql.md', "sed -E '/^(CREATE|ALTER) ROLE");

/** `pg_restore` of the image, with the custom-format dump on standard input. */
const RESTORE = `base64 -d | PGPASSWORD=$(cat /run/danube/settings/password) PGSSLMODE=require exec \
/usr/lib/postgresql/*/bin/pg_restore --exit-on-error --no-owner -h 127.0.0.1 -U danube -d "$0"`;

/** Tests that the owner can restore dumps of other versions, with the stock tools. */
export function testDumps(subject: () => Subject): void {
  /** What the dumps of 15 and 18 contain. */
  async function isLoaded(database: string): Promise<void> {
    const { query } = subject();
    const login = { database };
    assert.equal(await query('SELECT count(*), max(note) FROM sales.orders', login), '3|none');
    assert.equal(await query(`SELECT name FROM sales.names ORDER BY 1`, login), 'Ärger\nZoë \\ tab\tx');
    assert.equal(
      await query(`SELECT obj_description('sales'::regnamespace)`, login),
      'Orders and those who place them',
    );
    await query(`INSERT INTO sales.orders (customer, placed) VALUES (1, '2026-05-06')`, login);
  }
  const filtered = async (name: string, filter: string): Promise<string> =>
    (await run('sh', ['-c', filter], { input: (await dump(name)).toString() })).stdout;

  it('loads dumps of other versions, with roles, extensions, collations and comments', async () => {
    const { service, version, query } = subject();
    // As it is: its owner is postgres.
    await query((await dump('postgresql-12.sql')).toString());
    assert.equal(
      await query('SELECT facts, name FROM public.kept ORDER BY id'),
      '"a"=>"1"|Ärger\n|tab\tand \\',
    );
    await query('DROP TABLE kept; DROP SCHEMA old; DROP EXTENSION hstore');

    await query(await filtered('postgresql-15-roles.sql', ROLES), { database: 'postgres' });
    await query('CREATE DATABASE plain', { database: 'postgres' });
    await query(await filtered('postgresql-15.sql', NO_OWNER), { database: 'plain' });
    await isLoaded('plain');
    await query('DROP DATABASE plain', { database: 'postgres' });
    // Engines do not know what later versions have come to set.
    for (const made of ['13', '14', '16', '17'].filter((one) => Number(one) <= Number(version))) {
      await query('CREATE DATABASE old', { database: 'postgres' });
      await query(await filtered(`postgresql-${made}.sql`, NO_OWNER), { database: 'old' });
      const kept = 'SELECT name, length, old.doubled(length), facts FROM old.kept ORDER BY id';
      assert.equal(await query(kept, { database: 'old' }), 'Ärger|5|10|"a"=>"1"\ntab\tand \\|9|18|', made);
      const touched = 'UPDATE old.kept SET id = id + 1 WHERE id = 2 RETURNING touched';
      assert.equal(await query(touched, { database: 'old' }), 't');
      await query('DROP DATABASE old', { database: 'postgres' });
    }
    // Older tools cannot read the format of newer ones.
    for (const made of version === '15' ? ['15'] : ['15', '18']) {
      await query('CREATE DATABASE custom', { database: 'postgres' });
      const input = (await dump(`postgresql-${made}.dump`)).toString('base64');
      await service.inside(['sh', '-c', RESTORE, 'custom'], { input });
      await isLoaded('custom');
      await query('DROP DATABASE custom', { database: 'postgres' });
    }
    const app = { user: 'app', password: 'secret', database: 'postgres' };
    assert.equal(await query('SELECT current_user', app), 'app');
    await query('DROP ROLE app; DROP ROLE readers', { database: 'postgres' });
  });
}
