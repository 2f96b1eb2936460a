import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAUSES, pauseAfter } from './retries.ts';

test('attempts go on for three days, at growing intervals, and end', () => {
  const pauses = PAUSES.map((_, index) => pauseAfter(index + 1, 0.5)!);
  const total = pauses.reduce((sum, pause) => sum + pause, 0);
  assert.ok(total > 2.9 * 86_400 && total < 3.1 * 86_400, `${total} s`);
  assert.equal(pauseAfter(PAUSES.length + 1, 0.5), null);
  assert.ok(pauseAfter(1, 0)! < pauseAfter(1, 1)!);
});
