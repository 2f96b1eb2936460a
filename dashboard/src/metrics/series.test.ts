import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatValue } from '../ui/quantity.ts';
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
