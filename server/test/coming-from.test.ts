import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { ROUTES } from './api-client.ts';

it('the page for users of other clouds names requests that there are', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../docs/coming-from.md'), 'utf8');
  const named = [...page.matchAll(/`((?:GET|POST|PUT|DELETE) [^`]+)`/g)].map(([, request]) => request!);
  const known = new Set(ROUTES.map((route) => `${route.method} ${route.path}`));
  assert.ok(named.length > 20);
  assert.deepEqual(
    named.filter((request) => !known.has(request)),
    [],
  );
  const absent = [...page.matchAll(/`(\/[^`]+)…?`/g)].map(([, path]) => path!.replace('…', ''));
  assert.ok(absent.length > 2);
  for (const path of absent) assert.ok(!ROUTES.some((route) => route.path.startsWith(path)), path);
});
