import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ago } from './ago.ts';

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];

/** How a time so many seconds from now is shown. */
const shown = (seconds: number): string => {
  const now = Date.UTC(2026, 0, 15, 12);
  return ago(new Date(now + seconds * 1000).toISOString(), now);
};

it('what was set for some days or months from now is shown as that a moment later', () => {
  assert.equal(shown(90 * DAY - 5), 'in 3 months');
  assert.equal(shown(365 * DAY - 5), 'in 12 months');
  assert.equal(shown(7 * DAY - 5), 'in 7 days');
  assert.equal(shown(1 * DAY - 5), 'in 24 hours');
});

it('what was is as old as it has been in whole units', () => {
  assert.equal(shown(-90 * DAY - 5), '3 months ago');
  assert.equal(shown(-2 * HOUR + 5), '1 hour ago');
  assert.equal(shown(-3 * MINUTE - 5), '3 minutes ago');
  assert.equal(shown(-5), 'just now');
});
