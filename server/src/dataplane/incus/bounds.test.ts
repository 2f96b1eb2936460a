import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundsConfig, processLimit } from './bounds.ts';

test('an instance may have as many processes as its memory allows for', () => {
  for (const [memoryMb, expected] of [
    [256, 768],
    [1024, 1536],
    [2048, 2560],
    [4096, 4608],
    [8192, 8192],
    [65_536, 8192],
  ] as const) {
    assert.equal(processLimit(memoryMb), expected);
  }
});

test('the bounds follow from processors and memory', () => {
  assert.deepEqual(boundsConfig({ vcpu: 2, memoryMb: 2048 }), {
    'limits.processes': '2560',
    'limits.cpu.allowance': '20%',
  });
});
