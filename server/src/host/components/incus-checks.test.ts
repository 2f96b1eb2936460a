import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeDefaultImage } from './incus-checks.ts';

test('doctor advises no build of the default image that is under way', () => {
  const idle = { name: 'debian-12', percent: null, failures: 0, error: null, due: true, rebuild: false };
  const waiting = { ...idle, message: null };
  const building = { ...idle, message: 'Building debian-12', percent: 40 };
  assert.deepEqual(judgeDefaultImage(true, null), {
    state: 'ok',
    message: 'debian-12 is built',
    remedy: null,
  });
  const underWay = judgeDefaultImage(false, [building]);
  assert.deepEqual(underWay, { state: 'ok', message: 'debian-12: building 40 %', remedy: null });
  for (const builds of [null, [], [waiting], [{ ...building, name: 'debian-13' }]]) {
    const verdict = judgeDefaultImage(false, builds);
    assert.equal(verdict.state, 'warn');
    assert.match(String(verdict.remedy), /image build debian-12/);
  }
});
