import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { it } from 'node:test';

it('refuses a benchmark that does not exist, and names those that do', () => {
  const script = path.join(import.meta.dirname, 'run.ts');
  for (const args of [['typo'], ['simulated', 'typo'], ['--wirte']]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    assert.equal(status, 1);
    // It says nothing of an install, because it has made none.
    assert.equal(stdout, '');
    assert.match(stderr, /^No benchmark is called (typo|--wirte)\. There are: [a-z]+(, [a-z]+)+\.\n$/);
  }
});
