import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestFirst } from './test-order.ts';

test('the longest files begin first, and all others in the order of their names', () => {
  const [short, shorter] = ['a.test.ts', 'b.test.ts'];
  const [longest, long] = ['diagnosis', 'snapshots'].map((name) => `server/test/real/quiet/${name}.test.ts`);
  assert.deepEqual(longestFirst([shorter!, short!, long!, longest!]), [longest, long, short, shorter]);
});
