import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { type Filled, PAGES } from './dashboard-pages.ts';

const ROUTES = path.join(import.meta.dirname, '../../dashboard/src/route-tree.gen.ts');
const ID = 'some-id';

test('every page of the dashboard is one of those that are tested and have their picture taken', async () => {
  const source = await readFile(ROUTES, 'utf8');
  const paths = [...source.matchAll(/fullPath: '([^']+)'/g)].map(([, path]) => path!.replace(/(.)\/$/, '$1'));
  assert.ok(paths.length > 50);
  const filled = new Proxy({}, { get: () => ID }) as Filled;
  const tested = new Set(PAGES.map(({ url }) => new URL(url(filled), 'http://host').pathname));
  const missing = new Set(paths).difference(tested);
  assert.deepEqual(
    [...missing].filter((path) => !tested.has(path.replaceAll(/\$\w+/g, ID))),
    [],
  );
});
