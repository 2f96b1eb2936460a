import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { METRICS } from './catalogue.ts';

test('docs/metrics.md has a row for every metric, as the code says it', () => {
  const rows = METRICS.map(
    ({ name, unit, kinds, meaning, source, everySeconds }) =>
      `| \`${name}\` | ${unit} | ${kinds.join(', ')} | ${meaning} | ${source} | ${everySeconds} s |`,
  );
  const page = readFileSync(path.join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');
  const documented = page.split('\n').filter((line) => /^\| `\w+` \|.* s \|$/.test(line));
  assert.deepEqual(documented, rows);
});

test('a kind of instance has no two metrics of one name', () => {
  const names = METRICS.flatMap(({ name, kinds }) => kinds.map((kind) => `${kind} ${name}`));
  assert.equal(new Set(names).size, names.length);
});
