import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const SRC = path.join(import.meta.dirname, '..', 'src');

/**
 * Pairs of folders that still import each other. This list may only get shorter: remove a pair once it is untangled,
 * and add none. Move what both need to a third folder, or let `app.ts` pass it in.
 */
const TANGLED: readonly string[] = [];

interface Import {
  from: string;
  to: string;
}

/** The imports of the server's files, as paths below `server/src`. Excludes tests, which may import anything. */
function findImports(): Import[] {
  const files = globSync('**/*.ts', { cwd: SRC, exclude: ['**/*.test.ts'] });
  return files.flatMap((from) => {
    const text = readFileSync(path.join(SRC, from), 'utf8');
    const imported = [
      ...text.matchAll(/^(?:import|export|\}) .*'(\.{1,2}\/[^']+)'|\bimport\('(\.{1,2}\/[^']+)'\)/gm),
    ];
    return imported.map((match) => ({
      from,
      to: path.normalize(path.join(path.dirname(from), match[1] ?? match[2] ?? '')),
    }));
  });
}

/** The folder that a file belongs to; null for the files at the top, which wire everything together. */
function folderOf(file: string): string | null {
  const parts = path.dirname(file).split('/');
  if (parts[0] === '.') return null;
  const depth = parts[0] === 'resources' || parts[0] === 'dataplane' ? 2 : 1;
  return parts.slice(0, depth).join('/');
}

test('no two folders of the server import each other', () => {
  const imports = findImports();
  assert.ok(
    imports.length > 500,
    `Only ${imports.length} imports were found: this test no longer reads them right.`,
  );
  const edges = new Map<string, string[]>();
  for (const { from, to } of imports) {
    const [a, b] = [folderOf(from), folderOf(to)];
    if (a === null || b === null || a === b) continue;
    const edge = `${a} → ${b}`;
    edges.set(edge, [...(edges.get(edge) ?? []), `${from} imports ${to}`]);
  }
  const tangled = new Map<string, string[]>();
  for (const [edge, lines] of edges) {
    const [a = '', b = ''] = edge.split(' → ');
    const back = edges.get(`${b} → ${a}`);
    if (a < b && back) tangled.set(`${a} ↔ ${b}`, [...lines, ...back]);
  }
  const added = [...tangled].filter(([pair]) => !TANGLED.includes(pair));
  assert.deepEqual(added, [], 'These folders import each other.');
  const gone = TANGLED.filter((pair) => !tangled.has(pair));
  assert.deepEqual(gone, [], 'These pairs are untangled: take them off the list.');
});

test('the server imports no code of tests', () => {
  const isTest = (file: string): boolean => file.endsWith('.test.ts') || /^\.\.\/.*\.ts$/.test(file);
  const wrong = findImports().filter(({ to }) => isTest(to));
  assert.deepEqual(
    wrong.map(({ from, to }) => `${from} imports ${to}`),
    [],
  );
});
