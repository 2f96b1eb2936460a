import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatValue } from '../ui/quantity.ts';
import { rangeBetween, rangeOf, spanOf } from './range.ts';
import { ceilingOf, nearest, pathOf } from './series.ts';

it('values are as short as people read them', () => {
  assert.deepEqual(
    [
      formatValue(41.24, '%'),
      formatValue(3.14, '%'),
      formatValue(1_234_567, 'bytes/s'),
      formatValue(0, 'bytes/s'),
      formatValue(12, 'connections'),
    ],
    ['41 %', '3.1 %', '1.2 MB/s', '0 B/s', '12'],
  );
});

it('axes end at round numbers', () => {
  assert.deepEqual(
    [
      ceilingOf([3], '%'),
      ceilingOf([70], '%'),
      ceilingOf([0], 'connections'),
      ceilingOf([130], 'connections'),
    ],
    [25, 100, 1, 200],
  );
});

it('gaps in measurements stay gaps, and the cursor finds the nearest measurement', () => {
  const points = [
    { at: 0, value: 0 },
    { at: 50, value: null },
    { at: 75, value: 5 },
    { at: 100, value: 10 },
  ];
  assert.equal(pathOf(points, 0, 100, 10), 'M0.00 100.00M75.00 50.00L100.00 0.00');
  assert.equal(nearest(points, 60)?.at, 75);
});

it('a range that was drawn is in the address, and one that makes no sense is the last hour', () => {
  const range = rangeBetween(1_768_469_700_000.4, 1_768_469_400_000);
  assert.equal(range, '1768469400000-1768469700000');
  assert.equal(rangeOf({ range }), range);
  assert.deepEqual(spanOf(range, 0), { from: 1_768_469_400_000, to: 1_768_469_700_000 });
  assert.equal(rangeBetween(1_768_469_400_000, 1_768_469_400_500), null);
  for (const wrong of ['1768469700000-1768469400000', '0-1', 'x', 7])
    assert.equal(rangeOf({ range: wrong }), '1h');
  assert.deepEqual(spanOf('1h', 3_600_000), { from: 0, to: 3_600_000 });
});
