import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { endReport, type Outcome } from './end-report.ts';

const GOOD = `import { test } from 'node:test'; test('works', () => {}); test('waits', { skip: true }, () => {});`;
const BAD = `import { describe, it } from 'node:test';
  describe('a thing', () => { it('breaks', () => { throw new Error('broken'); }); it('works', () => {}); });`;

test('the end of a run says how many tests passed, and which failed', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-report-'));
  try {
    await writeFile(path.join(folder, 'good.test.mjs'), GOOD);
    await writeFile(path.join(folder, 'bad.test.mjs'), BAD);
    const runner = path.join(import.meta.dirname, 'run-files.ts');
    const child = spawn(process.execPath, [runner, '2', 'good.test.mjs', 'bad.test.mjs'], {
      cwd: folder,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const [printed, warnings, [outcome], [status]] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      once(child, 'message'),
      once(child, 'exit'),
    ]);
    assert.equal(status, 1);
    assert.equal(warnings, '');
    assert.ok(printed.indexOf('works') < printed.indexOf('breaks'), 'not in the order that was given');
    assert.match(printed, /The slowest files:\n +\d+\.\d s {2}(good|bad)\.test\.mjs\n/);
    const { seconds, ...rest } = outcome as Outcome;
    assert.ok(seconds > 0);
    assert.deepEqual(rest, { passed: 2, skipped: 1, failed: ['bad.test.mjs: breaks'] });
    const outcomes = new Map([
      ['tests', { ...rest, seconds: 99 }],
      ['more tests', { passed: 7, skipped: 0, failed: [], seconds: 290 }],
    ]);
    assert.deepEqual(endReport(outcomes), [
      '✖ tests: 2 passed, 1 failed, 1 skipped in 99 s',
      '✔ more tests: 7 passed in 5 min',
      '    ✖ bad.test.mjs: breaks',
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
