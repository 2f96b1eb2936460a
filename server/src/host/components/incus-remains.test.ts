import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { findIncusRemains } from './incus-remains.ts';

test("an operator's own programs in the data directory do not count as remains of the install", async () => {
  const home = await mkdtemp('/tmp/danube-test-remains-');
  // A shell as described in the guide: with INCUS_DIR set, and a folder of the install among its arguments.
  const shell = spawn('sh', ['-c', 'sleep 60; true', path.join(home, 'incus', 'x')], {
    env: { ...process.env, INCUS_DIR: path.join(home, 'incus') },
    stdio: 'ignore',
    detached: true,
  });
  try {
    await new Promise((resolve) => shell.once('spawn', resolve));
    assert.deepEqual(await findIncusRemains(home, 'efefef'), []);
  } finally {
    if (shell.pid) process.kill(-shell.pid, 'SIGKILL');
    await rm(home, { recursive: true, force: true });
  }
});
