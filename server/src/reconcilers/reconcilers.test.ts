import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { waitFor } from '../../test/harness.ts';
import { collectLog } from '../../test/log-lines.ts';
import { startReconcilers } from './reconcilers.ts';

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
});
