import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { type Database, openDatabase } from './database.ts';

describe('prepared statements', () => {
  let test: TestDatabase;
  let database: Database;

  before(async () => {
    test = await createTestDatabase();
    database = openDatabase(test.url, { max: 1 });
  });
  after(async () => {
    await database?.close();
    await test?.drop();
  });

  const kept = async (like: string): Promise<number> => {
    const { rows } = await database.pool.query(
      'select count(*) n from pg_prepared_statements where statement like $1',
      [like],
    );
    return rows[0].n;
  };

  it('keep what is sent again and again, and nothing else', async () => {
    for (let n = 0; n < 20; n++) {
      const { rows } = await sql<{ n: number }>`select ${n}::integer as n`.execute(database.db);
      assert.deepEqual(rows, [{ n }]);
      await sql`select ${n}::integer as ${sql.ref(`other_${n}`)}`.execute(database.db);
    }
    assert.equal(await kept('%as n'), 1);
    assert.equal(await kept('%other_%'), 0);
  });

  it('answer with the columns that there are after a table has changed', async () => {
    await database.pool.query('create table changing (a integer)');
    const ask = () => sql`select * from changing where a > ${0}`.execute(database.db);
    await database.pool.query('insert into changing values (1)');
    for (let use = 0; use < 20; use++) await ask();
    assert.equal(await kept('%from changing%'), 1);
    await database.pool.query('alter table changing add column b integer');
    // PostgreSQL refuses the statement once, where it had been kept.
    await ask().catch(() => undefined);
    assert.deepEqual((await ask()).rows, [{ a: 1, b: null }]);
  });

  it('outlive errors in their use', async () => {
    const divide = (by: number) => sql<{ n: number }>`select 10 / ${by}::integer as n`.execute(database.db);
    for (let use = 0; use < 10; use++) await divide(2);
    await assert.rejects(divide(0), { code: '22012' });
    await assert.rejects(database.transaction((tx) => sql`select 10 / ${0}::integer as n`.execute(tx)));
    assert.deepEqual((await divide(5)).rows, [{ n: 2 }]);
  });

  it('have a bound, however many statements are sent', async () => {
    for (let n = 0; n < 400; n++) {
      for (let use = 0; use < 7; use++) await database.pool.query(`select $1::integer as many_${n}`, [use]);
    }
    const many = await kept('%as many_%');
    assert.ok(many > 200 && many <= 300, String(many));
  });
});
