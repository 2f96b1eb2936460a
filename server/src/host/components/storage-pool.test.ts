import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeSpace } from './storage-pool.ts';

const GIB = 1024 ** 3;

describe('the space of the storage pool', () => {
  const state = (freeGb: number, reservePercent = 10) =>
    judgeSpace(100 * GIB, freeGb * GIB, reservePercent, '').state;

  it('is fine, then worth a warning, and too little below the reserve', () => {
    assert.deepEqual(
      [90, 15, 14, 10, 9].map((freeGb) => state(freeGb)),
      ['ok', 'ok', 'warn', 'warn', 'fail'],
    );
  });

  it('is never fine where nearly nothing is left, whatever the reserve', () => {
    assert.equal(state(1, 0), 'fail');
  });

  it('says what is the consequence', () => {
    const verdict = judgeSpace(100 * GIB, 9 * GIB, 10, ', quotas consistent');
    assert.match(verdict.message, /9\.0 GB of 100\.0 GB free, quotas consistent.* nothing new is stored/);
    assert.ok(verdict.remedy);
  });
});
