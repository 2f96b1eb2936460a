import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { withFigures } from './report.ts';

it('refuses a benchmark that does not exist, and names those that do', () => {
  const script = path.join(import.meta.dirname, 'run.ts');
  for (const args of [['typo'], ['simulated', 'typo'], ['--wirte']]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    assert.equal(status, 1);
    // It says nothing of an install, because it has made none.
    assert.equal(stdout, '');
    assert.match(stderr, /^No benchmark is called (typo|--wirte)\. There are: [a-z]+(, [a-z]+)+\.\n$/);
  }
});

it('has a place in the document for the figures of each benchmark, and keeps those of the others', async () => {
  const document = await readFile(path.join(import.meta.dirname, '../docs/benchmarks.md'), 'utf8');
  const run = path.join(import.meta.dirname, 'run.ts');
  const { stderr } = spawnSync(process.execPath, [run, 'typo'], { encoding: 'utf8' });
  const names = stderr.match(/There are: (.*)\./)![1]!.split(', ');
  const written = names.reduce((text, name) => withFigures(text, name, `figures: ${name}`), document);
  for (const name of names) assert.equal(written.split(`figures: ${name}\n`).length, 2);
  assert.equal(withFigures(written, 'list', 'figures: list'), written);
  assert.throws(() => withFigures(document, 'typo', ''), /no place for the figures of typo/);
});
