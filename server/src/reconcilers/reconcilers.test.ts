import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { waitFor } from '../../test/harness.ts';
import { collectLog } from '../../test/log-lines.ts';
import { runOnce, startReconcilers } from './reconcilers.ts';
import { forEachRow, inTurn, RowsFailed, SetAside } from './rows.ts';

describe('a pass that fails', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database?.drop());

  /** What the log says of a reconciler that fails. */
  async function lineOf(
    error: unknown,
  ): Promise<{ level: number; reason?: string; err?: { stack: string } }> {
    const { log, lines } = collectLog();
    const failing = { name: 'failing', everySeconds: 60, run: () => Promise.reject(error) };
    const loops = startReconcilers(database, [failing], log);
    const line = await waitFor('a line in the log', async () => lines[0]);
    await loops.stop();
    return JSON.parse(line);
  }

  it('is an error that says why where the database has no room', async () => {
    const { level, reason, err } = await lineOf(Object.assign(new Error('No space left'), { code: '53100' }));
    assert.deepEqual({ level, reason, err }, { level: 50, reason: 'No space left', err: undefined });
  });

  it('is a warning where the database is away, and an error with a stack where it is our fault', async () => {
    const away = await lineOf(Object.assign(new Error('shutting down'), { code: '57P01' }));
    assert.deepEqual([away.level, away.reason], [40, 'shutting down']);
    const fault = await lineOf(new TypeError('x is not a function'));
    assert.equal(fault.level, 50);
    assert.match(fault.err!.stack, /^TypeError/);
  });

  it('for single rows goes on with all others, says which failed, and counts as finished', async () => {
    const done: string[] = [];
    const work = async (row: string): Promise<void> => {
      if (row.startsWith('bad')) throw new Error(`${row} is broken`);
      done.push(row);
    };
    const rows = (...names: string[]) => forEachRow(names, (name) => name, work);
    const some = {
      name: 'some',
      everySeconds: 60,
      run: () =>
        inTurn(
          () => rows('bad 1', 'first'),
          () => rows('second', 'bad 2', 'third'),
        ),
    };
    const { log, lines } = collectLog();
    const loops = startReconcilers(database, [some], log);
    await waitFor('two lines in the log', async () => lines.length === 2);
    await loops.stop();
    assert.deepEqual(done, ['first', 'second', 'third']);
    const said = lines
      .map((line) => JSON.parse(line))
      .map(({ row, failed, err }) => [row, failed, err.message]);
    assert.deepEqual(said, [
      ['bad 1', 2, 'bad 1 is broken'],
      ['bad 2', 2, 'bad 2 is broken'],
    ]);
    const finished = await database.pool.query(`select from reconcilers where name = 'some'`);
    assert.equal(finished.rowCount, 1);
    await assert.rejects(runOnce(database, some), RowsFailed);
  });

  it('leaves rows that failed out for a while, and longer each time', async () => {
    let now = 0;
    const aside = new SetAside(() => now);
    const pass = (...rows: string[]) => {
      const taken = rows.filter((row) => !aside.ids().includes(row)).slice(0, 2);
      const work = async (row: string): Promise<void> => {
        if (row.startsWith('bad')) throw new Error('no');
      };
      return forEachRow(taken, String, work, aside)
        .catch((error: unknown) => assert.ok(error instanceof RowsFailed))
        .then(() => taken);
    };
    const minutesLater = (minutes: number, ...rows: string[]) => {
      now += minutes * 60_000;
      return pass(...rows);
    };
    const rows = ['bad 1', 'bad 2', 'good 1', 'good 2'];
    assert.deepEqual(await pass(...rows), ['bad 1', 'bad 2']);
    assert.deepEqual(await minutesLater(0.9, ...rows), ['good 1', 'good 2']);
    assert.deepEqual(await minutesLater(0.2, ...rows), ['bad 1', 'bad 2']);
    assert.deepEqual(await minutesLater(1.9, ...rows), ['good 1', 'good 2']);
    assert.deepEqual(await minutesLater(0.2, ...rows), ['bad 1', 'bad 2']);
    // What did not fail for long is as if it never had.
    assert.deepEqual(await minutesLater(10, ...rows), ['bad 1', 'bad 2']);
    assert.deepEqual(await minutesLater(1.1, ...rows), ['bad 1', 'bad 2']);
  });

  it('leaves connections for the work of others, however many begin at once', async () => {
    const done = new Set<number>();
    const many = Array.from({ length: 60 }, (_, index) => ({
      name: `one of many ${index}`,
      everySeconds: 60,
      async run() {
        await database.pool.query('select 1');
        done.add(index);
      },
    }));
    const loops = startReconcilers(database, many, collectLog().log);
    await waitFor('all of them', async () => done.size === 60, 60);
    await loops.stop();
  });

  it('ends at once where the database is away', async () => {
    const away = Object.assign(new Error('shutting down'), { code: '57P01' });
    const asked: number[] = [];
    const pass = forEachRow([1, 2], String, async (row) => {
      asked.push(row);
      throw away;
    });
    await assert.rejects(pass, away);
    assert.deepEqual(asked, [1]);
  });
});
