import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

/** Folders whose code reads what clients send, or what guests say. */
const FOLDERS = ['http', 'identity', 'events', 'resources', 'object-store', 'search', 'instances'];
/** A regular expression that begins with as much of something as there is, and is looked for from each character on. */
const BEGINS_OPEN = /[(=,]\s*\/(?:\\[sdwSDW]|\.|\[[^\]]+\])[*+](?![$)]?\/)/;

test('no expression takes the square of the length of a text that a client sends', () => {
  assert.match('header.split(/\\s*,\\s*/)', BEGINS_OPEN);
  assert.doesNotMatch('text.split(/\\s+/)', BEGINS_OPEN);
  const src = path.join(import.meta.dirname, '..');
  const files = FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: src }));
  assert.ok(files.length > 200, `${files.length} files were found`);
  const found = files
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      readFileSync(path.join(src, file), 'utf8')
        .split('\n')
        .filter((line) => BEGINS_OPEN.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
  assert.deepEqual(found, [], 'Split by the separator, and trim each part.');
});
