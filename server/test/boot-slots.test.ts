import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { serveBootSlots, sharedBootSlots } from './boot-slots.ts';

test('processes share boot slots, in the order of their requests, and a killed one gives its back', async () => {
  const name = `danube-boot-slots-test-${process.pid}`;
  const stop = await serveBootSlots(name, 2);
  const code = `
    const { sharedBootSlots } = await import(${JSON.stringify(path.join(import.meta.dirname, 'boot-slots.ts'))});
    await sharedBootSlots(${JSON.stringify(name)})();
    console.log('granted');
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(other.stdout, 'data');
    const granted: number[] = [];
    const grant = sharedBootSlots(name);
    const release = await grant();
    const later = [0, 1].map(async (number) => {
      const giveBack = await grant();
      granted.push(number);
      return giveBack;
    });
    release();
    const giveBack = await later[0]!;
    assert.deepEqual(granted, [0]);
    other.kill('SIGKILL');
    (await later[1]!)();
    giveBack();
    for (const both of await Promise.all([grant(), grant()])) both();
  } finally {
    other.kill('SIGKILL');
    stop();
  }
});
