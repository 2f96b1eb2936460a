import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { MODULES } from '../modules.ts';

test('docs/events.md lists every type of event, its severity and payload', () => {
  const types = new Map(
    MODULES.flatMap(({ events = {} }) => Object.values(events).map((type) => [type.name, type])),
  );
  const rows = Array.from(types.values())
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, severity, payload }) => {
      const members = Object.keys((payload as unknown as { properties: object }).properties);
      return `| \`${name}\` | ${severity} | ${members.map((member) => `\`${member}\``).join(', ')} |`;
    });
  const page = readFileSync(path.join(import.meta.dirname, '../../../docs/events.md'), 'utf8');
  const documented = page.split('\n').filter((line) => /^\| `[\w-]+\.\w+` \|/.test(line));
  assert.deepEqual(documented, rows);
});
