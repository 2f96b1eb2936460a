import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { withHostLock } from './lock.ts';

test('what all installs share is changed by one at a time, and a failure lets the next one in', async () => {
  let inside = 0;
  const work = (fails: boolean) => async (): Promise<void> => {
    inside += 1;
    assert.equal(inside, 1);
    for (let turns = 0; turns < 20; turns += 1) await turn();
    inside -= 1;
    if (fails) throw new Error('It broke.');
  };
  const asked = [true, false, true, false].map((fails) => withHostLock('ranges', work(fails)));
  const ended = (await Promise.allSettled(asked)).map(({ status }) => status);
  assert.deepEqual(ended, ['rejected', 'fulfilled', 'rejected', 'fulfilled']);
});

test('a process that was killed keeps nobody out', async () => {
  const lock = JSON.stringify(path.join(import.meta.dirname, 'lock.ts'));
  const script = `import { withHostLock } from ${lock};
    setInterval(() => undefined, 1000);
    await withHostLock('ranges', () => new Promise(() => console.log('inside')));`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  let entered = false;
  const waiting = withHostLock('ranges', async () => {
    entered = true;
  });
  await turn();
  assert.equal(entered, false);
  holder.kill('SIGKILL');
  await waiting;
  assert.equal(entered, true);
});
