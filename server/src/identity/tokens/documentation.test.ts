import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SCOPES } from '../../http/scopes.ts';
import { registerModules } from '../../module.ts';
import { MODULES } from '../../modules.ts';

test('docs/api.md has every scope, and no other', () => {
  registerModules(MODULES);
  const page = readFileSync(path.join(import.meta.dirname, '../../../../docs/api.md'), 'utf8');
  const table = /\n\| scopes \| actions \|.*\n([\s\S]*?)\n\n/.exec(page)![1]!;
  const words = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
  const documented = table
    .split('\n')
    .map((row) => row.split('|').map(words))
    .flatMap(([, subjects = [], actions = []]) =>
      subjects.flatMap((subject) => actions.map((action) => `${subject}${action}`)),
    );
  assert.deepEqual(documented.sort(), [...SCOPES].sort());
});
