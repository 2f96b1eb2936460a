import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { waitFor } from '../../test/harness.ts';
import { collectLog } from '../../test/log-lines.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { passFence } from '../lib/fence.ts';
import { reconcilerLock, runOnce, startReconcilers } from './reconcilers.ts';
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

  it('is no warning while Incus may still start', async () => {
    const { level, reason } = await lineOf(new DataPlaneError('unreachable', 'Incus does not answer.'));
    assert.deepEqual([level, reason], [30, 'Incus does not answer.']);
    const other = await lineOf(new DataPlaneError('timeout', 'Incus took too long.'));
    assert.equal(other.level, 40);
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

describe('passes of many reconcilers', () => {
  let database: TestDatabase;
  let other: Database;
  before(async () => {
    database = await createTestDatabase();
    other = openDatabase(database.url, { max: 2 });
  });
  after(async () => {
    await other?.close();
    await database?.drop();
  });

  /** A reconciler whose passes wait until they are let go, and who says which of them changed something. */
  function patient(name: string) {
    const { promise: over, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<AbortSignal>();
    const changes: string[] = [];
    const run = async (signal?: AbortSignal): Promise<void> => {
      begin(signal!);
      await over;
      await passFence();
      changes.push(name);
    };
    return { reconciler: { name, everySeconds: 60, run }, begun, letGo, changes };
  }

  it('that take long delay no other, and leave connections for the work', async () => {
    const slow = Array.from({ length: 60 }, (_, index) => patient(`slow ${index}`));
    let passes = 0;
    const quick = {
      name: 'quick',
      everySeconds: 0.01,
      async run() {
        await database.pool.query('select 1');
        passes += 1;
      },
    };
    const loops = startReconcilers(
      database,
      [...slow.map(({ reconciler }) => reconciler), quick],
      collectLog().log,
    );
    await Promise.all(slow.map(({ begun }) => begun));
    await waitFor('the quick one to run meanwhile', async () => passes > 3, 60);
    for (const { letGo } of slow) letGo();
    await loops.stop();
    assert.equal(slow.flatMap(({ changes }) => changes).length, 60);
  });

  it('are of one process at a time, and of one here', async () => {
    const { reconciler, begun, letGo } = patient('alone');
    const first = runOnce(database, reconciler);
    await begun;
    assert.deepEqual([await runOnce(other, reconciler), await runOnce(database, reconciler)], [false, false]);
    letGo();
    assert.equal(await first, true);
    assert.equal(await runOnce(other, reconciler), true);
  });

  it('that lost their lock change nothing more, while another process goes on', async () => {
    const { reconciler, begun, letGo, changes } = patient('cut off');
    const pass = runOnce(database, reconciler);
    const signal = await begun;
    const cut = await other.pool.query(
      `select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and objid = hashtext($1)::bigint::bit(32)::bigint`,
      [reconcilerLock('cut off')],
    );
    assert.equal(cut.rowCount, 1);
    await waitFor('the pass to be told', async () => signal.aborted);
    const successor = { ...reconciler, run: async () => void changes.push('successor') };
    await waitFor('the lock to be free', () => runOnce(other, successor));
    letGo();
    await assert.rejects(pass, /locks on it are lost/);
    assert.deepEqual(changes, ['successor']);
    assert.equal(await runOnce(database, { ...reconciler, run: async () => undefined }), true);
  });
});
