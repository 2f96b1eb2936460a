import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { allKinds } from '../instances/kinds.ts';
import '../modules.ts';
import { METRICS, type Metric, metricsOf } from './catalogue.ts';

const kindNames = allKinds().map(({ name }) => name);
const namesOf = ({ kinds }: Metric) => (kinds === 'all' ? kindNames : kinds).join(', ');

test('docs/metrics.md has a row for every metric, as the code says it', () => {
  const rows = METRICS.map((metric) => {
    const { name, unit, meaning, source, everySeconds } = metric;
    return `| \`${name}\` | ${unit} | ${namesOf(metric)} | ${meaning} | ${source} | ${everySeconds} s |`;
  });
  const page = readFileSync(path.join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');
  const documented = page.split('\n').filter((line) => /^\| `\w+` \|.* s \|$/.test(line));
  assert.deepEqual(documented, rows);
});

test('a kind of instance has no two metrics of one name', () => {
  const names = kindNames.flatMap((kind) => metricsOf(kind).map(({ name }) => `${kind} ${name}`));
  assert.equal(new Set(names).size, names.length);
});
