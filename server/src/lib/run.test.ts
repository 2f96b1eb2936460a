import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { allPids, argumentsOf, identify, isRoot } from './processes.ts';
import { RunError, run } from './run.ts';

test('the result has what the command said, and its status', async () => {
  const lines: string[] = [];
  const result = await run('sh', ['-c', 'echo one; echo two; echo three >&2; cat; exit 3'], {
    allow: [3],
    input: 'four',
    onLine: (line) => lines.push(line),
  });
  assert.equal(result.status, 3);
  assert.equal(result.stdout, 'one\ntwo\nfour');
  assert.equal(result.stderr, 'three\n');
  assert.deepEqual(lines.toSorted(), ['one', 'three', 'two']);
});

test('a failure carries the end of what the command said; a missing command is status 127', async () => {
  await assert.rejects(run('sh', ['-c', 'echo because >&2; exit 4']), (error: unknown) => {
    assert.ok(error instanceof RunError);
    assert.equal(error.result.status, 4);
    assert.match(error.message, /because/);
    return true;
  });
  assert.equal((await run('no-such-command-anywhere', [], { allow: 'any' })).status, 127);
});

test('a contained command leaves neither process nor mount when we are killed', {
  skip: isRoot() ? false : 'needs root',
}, async () => {
  const folder = await mkdtemp('/tmp/danube-test-run-');
  const marked = (): number[] =>
    allPids().filter((pid) => argumentsOf(pid).includes(folder) && identify(pid));
  const script = `mount -t tmpfs none ${folder} && echo mounted && sleep 1000; true`;
  const code = `import { run } from ${JSON.stringify(path.join(import.meta.dirname, 'run.ts'))};
    await run('sh', ['-c', ${JSON.stringify(script)}, ${JSON.stringify(folder)}], { contained: true, onLine: console.log });`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      parent.stdout.once('data', () => resolve());
      parent.once('exit', () => reject(new Error('The parent ended early.')));
    });
    assert.ok(marked().length > 0);
    parent.kill('SIGKILL');
    const deadline = Date.now() + 120_000;
    while (marked().length > 0 && Date.now() < deadline) await delay(10);
    assert.deepEqual(marked(), []);
    assert.ok(!(await readFile('/proc/self/mounts', 'utf8')).includes(folder));
  } finally {
    parent.kill('SIGKILL');
    for (const pid of marked()) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});

test('a contained command does not inherit how likely the kernel is to kill this process', {
  skip: isRoot() ? false : 'needs root',
}, async () => {
  const file = '/proc/self/oom_score_adj';
  const before = await readFile(file, 'utf8');
  // The server has a score below 0, which not every test machine lets root set.
  await writeFile(file, '100');
  try {
    assert.equal((await run('cat', [file])).stdout, '100\n');
    assert.equal((await run('cat', [file], { contained: true })).stdout, '0\n');
  } finally {
    await writeFile(file, before);
  }
});
